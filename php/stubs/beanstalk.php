<?php
/**
 * The classes of the module `beanstalk`, for IDEs. The module itself declares no return types, so that classes of old code,
 * which have none, can extend its classes. docs/php.md tells the whole story.
 */

/**
 * The C extension's style: each call names a tube, and the tube's name chooses the server.
 *
 *     $queue = new Beanstalk();
 *     $queue->addserver('127.0.0.1', 11300);
 *     $queue->put('mail', 'hello');
 *     $queue->watch('mail');
 *     if ($job = $queue->reserve('mail', 10)) {
 *         $queue->delete($job['id'], 'mail');
 *     }
 */
class Beanstalk
{
    /** The library's style: the same pool in the whole script. */
    public static function init(): BeanstalkPool {}

    /** Adds a server; `unix:/path` is one, too. The time-out is in seconds, for connecting and for each answer. */
    public function addserver(string $host, int $port = 11300, float $timeout = 5.0): bool {}

    /** Ends all connections. The next call makes new ones, with the same tubes. */
    public function close(): bool {}

    /** Statistics of each server, by its address. */
    public function stats(): array {}

    /** All tubes of all servers, with keys such as `srv0_1`. */
    public function list_tubes(): array {}

    /** Makes the tube the used one of its server. */
    public function use(string $tube): bool {}

    /** Takes jobs from this tube, too, at its server. */
    public function watch(string $tube): bool {}

    /** Takes no more jobs from this tube. False for the last one of its server. */
    public function ignore(string $tube): bool {}

    /** Has no jobs handed out for so many seconds; 0 ends that. False if there is no such tube. */
    public function pause_tube(string $tube, int $delay): bool {}

    /** @return array<string, int|string>|false */
    public function stats_tube(string $tube): array|false {}

    /** Makes buried jobs ready, or delayed ones if none is buried. Returns how many. */
    public function kick(int $bound, ?string $tube = null): int {}

    /** @return array{id: int, data: string}|false */
    public function peek_ready(?string $tube = null): array|false {}

    /** @return array{id: int, data: string}|false */
    public function peek_delayed(?string $tube = null): array|false {}

    /** @return array{id: int, data: string}|false */
    public function peek_buried(?string $tube = null): array|false {}

    /** The used tube of the server that the named tube belongs to. */
    public function list_tube_used(?string $tube = null): string {}

    /** @return list<string> the watched tubes of the server that the named tube belongs to */
    public function list_tubes_watched(?string $tube = null): array {}

    /**
     * Waits for a job of the tubes that are watched at this tube's server, or at all servers, for so many seconds or for
     * ever.
     *
     * @return array{id: int, data: string}|false
     */
    public function reserve(?string $tube = null, ?float $timeout = null): array|false {}

    /** Puts a job into the tube, and returns its id. */
    public function put(string $tube, string $data, int $priority = 1024, int $delay = 0, int $ttr = 60): int {}

    /** Deletes a job that this object holds, or nobody. */
    public function delete(int $id, ?string $tube = null): bool {}

    /** Starts the time to run of a job anew. */
    public function touch(int $id, ?string $tube = null): bool {}

    /** Makes one buried or delayed job ready. */
    public function kick_job(int $id, ?string $tube = null): bool {}

    /** Sets a job aside until it is kicked; without a priority it keeps its own. */
    public function bury(int $id, ?string $tube = null, ?int $priority = null): bool {}

    /** Makes a job ready again, at once or after so many seconds; without a priority it keeps its own. */
    public function release(int $id, ?string $tube = null, ?int $priority = null, int $delay = 0): bool {}

    /** @return array{id: int, data: string}|false */
    public function peek(int $id, ?string $tube = null): array|false {}

    /** Reserves one given job. @return array{id: int, data: string}|false */
    public function reserve_job(int $id, ?string $tube = null): array|false {}

    /** @return array<string, int|string>|false */
    public function stats_job(int $id, ?string $tube = null): array|false {}
}

/**
 * The library's style: one tube is used, some are watched, and several servers take turns.
 *
 *     $pool = Beanstalk::init();
 *     $pool->addServer('127.0.0.1', 11300)->useTube('mail')->watchTube('mail');
 *     $pool->put('hello');
 *     $job = $pool->reserve(10);
 *     $job->delete();
 */
class BeanstalkPool
{
    /** Adds a server; `unix:/path` is one, too. The time-out is in seconds, for connecting and for each answer. */
    public function addServer(string $host, int $port = 11300, float $timeout = 5.0): static {}

    /** @return list<string> the addresses */
    public function getServers(): array {}

    /** Connects now; at least one server must be there. */
    public function connect(): static {}

    /** Ends all connections. The next call makes new ones, with the same tubes. */
    public function close(): void {}

    /** Puts a job into the used tube of the server whose turn it is, and returns its id. Arrays and objects become JSON. */
    public function put(mixed $message, int $priority = 65536, int $delay = 0, int $ttr = 120): int {}

    /** Waits for a job for so many seconds, or for ever. @throws BeanstalkTimedOutException */
    public function reserve(?float $timeout = null): BeanstalkJob {}

    /** Makes buried jobs of the used tube ready, or delayed ones, on every server. Returns how many. */
    public function kick(int $bound): int {}

    /** @throws BeanstalkNotFoundException */
    public function peekReady(): BeanstalkJob {}

    /** @throws BeanstalkNotFoundException */
    public function peekDelayed(): BeanstalkJob {}

    /** @throws BeanstalkNotFoundException */
    public function peekBuried(): BeanstalkJob {}

    /** Statistics of each server, by its address. */
    public function stats(): array {}

    /** Statistics of a tube on each server that has it, by the server's address. @throws BeanstalkNotFoundException */
    public function statsTube(string $tube): array {}

    /** @return list<string> the tubes of all servers, each once */
    public function listTubes(): array {}

    /** Has no jobs handed out for so many seconds; 0 ends that. @throws BeanstalkNotFoundException */
    public function pauseTube(string $tube, int $delay): bool {}

    public function useTube(string $tube): static {}

    public function use(string $tube): static {}

    public function watchTube(string $tube): static {}

    public function watch(string $tube): static {}

    public function ignoreTube(string $tube): static {}

    public function ignore(string $tube): static {}
}

/** A job, which knows its server. Methods throw a BeanstalkNotFoundException if it is not there or not yours any more. */
class BeanstalkJob
{
    private function __construct() {}

    public function getId(): int {}

    /** The body; a JSON array or object is decoded. */
    public function getMessage(): mixed {}

    /** The body as it is. */
    public function getBody(): string {}

    /** The server's address. */
    public function getServer(): string {}

    public function delete(): bool {}

    /** Starts its time to run anew. */
    public function touch(): bool {}

    /** Makes it ready if it is buried or delayed. */
    public function kick(): bool {}

    /** Makes it ready again, at once or after so many seconds; without a priority it keeps its own. */
    public function release(?int $priority = null, int $delay = 0): bool {}

    /** Sets it aside until it is kicked; without a priority it keeps its own. */
    public function bury(?int $priority = null): bool {}

    /** @return array<string, int|string> */
    public function stats(): array {}

    public function __debugInfo(): array {}
}

/** Whatever goes wrong; the code is one of these. */
class BeanstalkException extends Exception
{
    public const OUT_OF_MEMORY = 5001;
    public const INTERNAL_ERROR = 5002;
    public const BAD_FORMAT = 5003;
    public const UNKNOWN_COMMAND = 5004;
    public const BURIED = 5050;
    public const NOT_FOUND = 5051;
    public const EXPECTED_CRLF = 5052;
    public const JOB_TOO_BIG = 5053;
    public const DEADLINE_SOON = 5054;
    public const TIMED_OUT = 5055;
    public const NOT_IGNORED = 5057;
    public const DRAINING = 5058;
    public const UNKNOWN = 5096;
    public const SERVER_OFFLINE = 6001;
    public const SERVER_READ = 6050;
    public const SERVER_BUSY = 6052;
}

/** A server can't be reached, or the connection was lost. */
class BeanstalkConnectionException extends BeanstalkException {}

/** No such job or tube, or the job is in no state for the request. */
class BeanstalkNotFoundException extends BeanstalkException {}

/** No job came in time. */
class BeanstalkTimedOutException extends BeanstalkException {}

/** A job that is held has less than a second left, and no other is ready. */
class BeanstalkDeadlineSoonException extends BeanstalkException {}

/** A body is larger than the server allows. */
class BeanstalkJobTooBigException extends BeanstalkException {}

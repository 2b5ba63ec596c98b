<?php // What the module trellis has, for editors. It is not to be included.

namespace Trellis;

class ProcessPoolException extends \Exception {}

interface ProcessInterface
{
    /** @param \Socket|resource $parent for ProcessPool::socket_send */
    public function run(mixed $parent);
}

/** At most $max children at a time, each with one task. */
class ProcessPool
{
    public function __construct(int $max = 1, bool $fork = true) {}
    /** Adds a task: a callable, or an object with a method run. It is called with the socket and $args. */
    public function apply(mixed $func = null, mixed ...$args) {}
    /** The next result; null if no task is left. No $timeout, or 0, is no limit. */
    public function get(?float $timeout = null, bool $nullOnTimeout = false) {}
    /** All results; the first failure is thrown, and the results stay for the next call then. */
    public function getAll(?float $timeout = null, bool $nullOnTimeout = false) {}
    /** The pids of the children that have said something or ended. */
    public function wait(?float $timeout = null) {}
    public function hasResult() {}
    public function getResult() {}
    public function clear() {}
    public function kill(int $pid, int $signo = 15) {}
    public function killAll(int $signo = 15) {}
    public function setOnCreate(?callable $callback = null) {}
    public function setForking(bool $fork) {}
    public function setMax(int $max) {}
    public function getMax() {}
    public function getPending(bool $pendingOnly = false) {}
    public function getWorkers() {}
    public function getActive() {}
    public function getCompleted() {}
    public static function socket_send(mixed $socket, mixed $data) {}
    public static function socket_fetch(mixed $socket) {}
}

class WorkerException extends \Exception {}

/** Works on the jobs of a program with mode = "stream". */
class Worker
{
    const DONE = 'done';
    const RETRY = 'retry';
    const FAIL = 'fail';
    const BURY = 'bury';
    /** Calls $work(string $body, string $id) for each job, and returns how many there were. */
    public static function run(callable $work): int {}
    /** Ends run after the job under way. */
    public static function stop(mixed ...$signal) {}
}

class DaemonException extends \Exception {}

class Daemon
{
    public function __construct(string $pidFile, ?string $output = null, ?string $directory = null) {}
    /** 0 in the daemon, and its pid in the process that started it. */
    public function start() {}
    /** Its pid, or null. */
    public function status() {}
    /** Its pid, or null if it didn't run. */
    public function stop(float $timeout = 10.0, int $signal = SIGTERM) {}
}

/** Calls something once or again and again, between two statements of the script and while it sleeps. */
class Timer
{
    private function __construct() {}
    /** Calls $callback(Timer $timer) once, in so many milliseconds. */
    public static function after(int $milliseconds, callable $callback): Timer {}
    /** Calls $callback(Timer $timer) each time that so many milliseconds have passed; what is missed is not made up for. */
    public static function every(int $milliseconds, callable $callback): Timer {}
    /** Whether it would have fired. */
    public function cancel(): bool {}
    /** Whether it will fire. */
    public function isActive(): bool {}
}

/** Whatever goes wrong with what follows; its code is the protocol's, if a server has refused something. */
class CoordinationException extends \Exception {}

/** No server can be reached, or none has answered in time. */
class ConnectionException extends CoordinationException {}

/** What was held is lost with its session; the next call begins another one. */
class SessionLostException extends CoordinationException {}

/** The object belongs to the process that this one was forked from. */
class ForkedException extends CoordinationException {}

/** A lock that one at a time holds, in order of arrival. $hosts is "host:port,host:port/chroot"; times are in seconds. */
class Lock
{
    public function __construct(string $hosts, string $path, ?string $identifier = null, float $sessionTimeout = 10.0) {}
    /** Whether it got it in time; null waits for ever, and 0 tries. */
    public function acquire(?float $timeout = null): bool {}
    public function release(): void {}
    /** Whether it is held, and not lost. */
    public function isHeld(): bool {}
    /** The identifiers of those who hold or want it, in their order. */
    public function contenders(): array {}
}

/** A lock that many may read under, or one may write under. */
class SharedLock
{
    public function __construct(string $hosts, string $path, ?string $identifier = null, float $sessionTimeout = 10.0) {}
    public function acquireRead(?float $timeout = null): bool {}
    public function acquireWrite(?float $timeout = null): bool {}
    public function release(): void {}
    public function isHeld(): bool {}
    public function contenders(): array {}
}

/** So many at a time hold a lease. All who use it must agree on $max. */
class Semaphore
{
    public function __construct(string $hosts, string $path, int $max, ?string $identifier = null, float $sessionTimeout = 10.0) {}
    public function acquire(?float $timeout = null): bool {}
    public function release(): void {}
    public function isHeld(): bool {}
    /** The identifiers of those who hold a lease, in no order. */
    public function holders(): array {}
}

/** Of all candidates, one leads, and the next one follows when it is gone. */
class Election
{
    public function __construct(string $hosts, string $path, ?string $identifier = null, float $sessionTimeout = 10.0) {}
    /** Whether it was elected in time. */
    public function campaign(?float $timeout = null): bool {}
    public function resign(): void {}
    public function isLeader(): bool {}
    /** The identifier of the candidate that leads. */
    public function leader(): ?string {}
    public function candidates(): array {}
}

/** A queue with priorities, from 0, the most urgent, to 999. An entry is gone when it is taken. */
class Queue implements \Countable
{
    public function __construct(string $hosts, string $path, float $sessionTimeout = 10.0) {}
    public function put(string $value, int $priority = 100): void {}
    /** Null if there was none in time. */
    public function take(?float $timeout = null): ?string {}
    public function count(): int {}
}

/** Holds everybody up while it is there. It stays when its session ends. */
class Barrier
{
    public function __construct(string $hosts, string $path, float $sessionTimeout = 10.0) {}
    public function raise(): void {}
    /** Whether it was there. */
    public function lower(): bool {}
    /** Whether it was gone in time. */
    public function wait(?float $timeout = null): bool {}
}

/** $count begin together, and end together. */
class DoubleBarrier
{
    public function __construct(string $hosts, string $path, int $count, ?string $identifier = null, float $sessionTimeout = 10.0) {}
    /** Whether enough have come in time; if not, this one has gone again. */
    public function enter(?float $timeout = null): bool {}
    /** Whether all have left in time; this one has left in any case. */
    public function leave(?float $timeout = null): bool {}
}

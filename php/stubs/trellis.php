<?php // What the module trellis has, for editors. It is not to be included.

namespace Trellis;

class ProcessPoolException extends \Exception {}

interface ProcessInterface
{
    /** @param \Socket|resource $parent for ProcessPool::socket_send */
    public function run($parent);
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

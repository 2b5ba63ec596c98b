--TEST--
What goes wrong in a task is an exception in the parent, with its message and code
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) echo 'skip valgrind knows no pidfd_open, and is slow'; ?>
--FILE--
<?php
use Trellis\{ProcessPool, ProcessPoolException};
$pool = new ProcessPool();
$tasks = [
    function () { throw new RuntimeException('boom', 7); },
    function () { undefined_function(); },
    function () { return function () {}; },
    function () { exit(3); },
    function () { exit(0); },
    function () { posix_kill(getmypid(), SIGKILL); },
    function () { ini_set('display_errors', '0'); eval('function strlen() {}'); },
    function () { ini_set('display_errors', '0'); return str_repeat('x', PHP_INT_MAX >> 8); },
    function () { ini_set('display_errors', '0'); trigger_error('the end', E_USER_ERROR); },
];
foreach ($tasks as $task) {
    try {
        var_dump($pool->apply($task)->get());
    } catch (ProcessPoolException $exception) {
        $message = preg_replace('/worker \d+/', 'worker N', $exception->getMessage());
        echo get_class($exception), " $message ({$exception->getCode()})\n";
    }
}
$pool->setMax(2)->apply(fn() => 'good')->apply(function () { throw new LogicException('bad'); });
try {
    $pool->getAll();
} catch (ProcessPoolException $exception) {
    echo $exception->getMessage(), ' and ', json_encode($pool->getAll()), "\n";
}
$pool->apply('no such function');
?>
--EXTENSIONS--
trellis
posix
--EXPECTF--
Trellis\ProcessPoolException boom (7)
Trellis\ProcessPoolException Call to undefined function undefined_function() (0)
Trellis\ProcessPoolException Serialization of 'Closure' is not allowed (0)
Trellis\ProcessPoolException worker N ended without a result (exit code 3) (0)
NULL
Trellis\ProcessPoolException worker N ended without its result (killed by SIGKILL) (0)
Trellis\ProcessPoolException Cannot redeclare %Sstrlen() (0)
Trellis\ProcessPoolException Allowed memory size of %d bytes exhausted%S (tried to allocate %d bytes) (0)
Trellis\ProcessPoolException the end (0)
bad and ["good"]

Fatal error: Uncaught UnexpectedValueException: Parameter 1 in ProcessPool#apply must be a Closure or callable in %s:%d
%a

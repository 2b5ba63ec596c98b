--TEST--
Wrong arguments are TypeErrors and ValueErrors that name them
--EXTENSIONS--
trellis
--FILE--
<?php
require __DIR__ . '/common.inc';
use Trellis\{Daemon, DoubleBarrier, Lock, ProcessPool, Queue, Semaphore, SharedLock, Timer, Worker};
show(fn() => Timer::after(-1, fn() => null));
show(fn() => Timer::every(0, fn() => null));
show(fn() => Timer::every('soon', fn() => null));
show(fn() => Timer::after(1, 'no function'));
show(fn() => Timer::after(1));
show(fn() => new Timer);
show(fn() => new Lock);
show(fn() => new Lock('', '/lock'));
show(fn() => new Lock('one:port', '/lock'));
show(fn() => new Lock('one', 'lock'));
show(fn() => new Lock('one', '/'));
show(fn() => new Lock('one', "/a\0b"));
show(fn() => new Lock("\xff", '/lock'));
show(fn() => new Lock('one', '/lock', []));
show(fn() => new SharedLock('one', '/lock', null, 0));
show(fn() => new SharedLock('one', '/lock', null, NAN));
show(fn() => new Semaphore('one', '/lock', 0));
show(fn() => new DoubleBarrier('one', '/lock', -1));
show(fn() => new Queue('one', '/queue', 1e300));
show(fn() => (new Lock('one', '/lock'))->acquire(-1));
show(fn() => (new Lock('one', '/lock'))->acquire('long'));
show(fn() => (new Queue('one', '/queue'))->put('x', 1000));
show(fn() => (new Queue('one', '/queue'))->put([]));
show(fn() => (new Queue('one', '/queue'))->take(NAN));
class Own extends Lock { function __construct() {} }
show(fn() => (new Own)->acquire());
show(fn() => (new Own)->isHeld());
show(fn() => clone new Own);
show(fn() => serialize(new Own));
show(fn() => (new ProcessPool)->apply('no function'));
show(fn() => (new ProcessPool)->kill(1, 1000));
show(fn() => new ProcessPool(0));
show(fn() => Worker::run('no function'));
show(fn() => (new Daemon('/tmp/none.pid'))->stop(1, 1000));
?>
--EXPECT--
ValueError: Trellis\Timer::after(): Argument #1 ($milliseconds) must be greater than or equal to 0
ValueError: Trellis\Timer::every(): Argument #1 ($milliseconds) must be greater than 0
TypeError: Trellis\Timer::every(): Argument #1 ($milliseconds) must be of type int, string given
TypeError: Trellis\Timer::after(): Argument #2 ($callback) must be a valid callback, function "no function" not found or invalid function name
ArgumentCountError: Trellis\Timer::after() expects exactly 2 arguments, 1 given
Error: Call to private Trellis\Timer::__construct() from global scope
ArgumentCountError: Trellis\Lock::__construct() expects at least 2 arguments, 0 given
ValueError: Trellis\Lock::__construct(): Argument #1 ($hosts) must be a list of servers: "" names no host: write host:port
ValueError: Trellis\Lock::__construct(): Argument #1 ($hosts) must be a list of servers: "one:port": the port "port" is not a number from 0 to 65535
ValueError: Trellis\Lock::__construct(): Argument #2 ($path) must be the path of a node: Path must start with / character
ValueError: Trellis\Lock::__construct(): Argument #2 ($path) must be the path of a node below /
ValueError: Trellis\Lock::__construct(): Argument #2 ($path) must be the path of a node: Invalid path string "/a\0b" caused by null character not allowed @2
ValueError: Trellis\Lock::__construct(): Argument #1 ($hosts) must be valid UTF-8
TypeError: Trellis\Lock::__construct(): Argument #3 ($identifier) must be of type ?string, array given
ValueError: Trellis\SharedLock::__construct(): Argument #4 ($sessionTimeout) must be between 0.001 and 2147483 seconds
ValueError: Trellis\SharedLock::__construct(): Argument #4 ($sessionTimeout) must be between 0.001 and 2147483 seconds
ValueError: Trellis\Semaphore::__construct(): Argument #3 ($max) must be between 1 and 4294967295
ValueError: Trellis\DoubleBarrier::__construct(): Argument #3 ($count) must be between 1 and 4294967295
ValueError: Trellis\Queue::__construct(): Argument #3 ($sessionTimeout) must be between 0.001 and 2147483 seconds
ValueError: Trellis\Lock::acquire(): Argument #1 ($timeout) must be a number of seconds, 0 or more, or null
TypeError: Trellis\Lock::acquire(): Argument #1 ($timeout) must be of type ?float, string given
ValueError: Trellis\Queue::put(): Argument #2 ($priority) must be between 0 and 999
TypeError: Trellis\Queue::put(): Argument #1 ($value) must be of type string, array given
ValueError: Trellis\Queue::take(): Argument #1 ($timeout) must be a number of seconds, 0 or more, or null
Trellis\CoordinationException: the constructor was not called
false
Error: Trying to clone an uncloneable object of class Own
Exception: Serialization of 'Own' is not allowed
UnexpectedValueException: Parameter 1 in ProcessPool#apply must be a Closure or callable
ValueError: Trellis\ProcessPool::kill(): Argument #2 ($signo) must be the number of a signal
InvalidArgumentException: Max value must be > 0
TypeError: Trellis\Worker::run(): Argument #1 ($work) must be a valid callback, function "no function" not found or invalid function name
ValueError: Trellis\Daemon::stop(): Argument #2 ($signal) must be the number of a signal

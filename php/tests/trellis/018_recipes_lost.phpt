--TEST--
A lock that was lost with its session is not held, and the next call says so
--EXTENSIONS--
trellis
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) echo 'skip the server that is started here would run under valgrind, too, and be too slow'; ?>
--FILE--
<?php
require __DIR__ . '/common.inc';
use Trellis\{Election, Lock, Queue};
[$hosts, $process] = server();
$lock = new Lock($hosts, '/lock', sessionTimeout: 4);
$election = new Election($hosts, '/election', sessionTimeout: 4);
var_dump($lock->acquire(20), $election->campaign(20));
proc_terminate($process, SIGKILL);
proc_close($process);
// Nobody else can have it yet.
var_dump($lock->isHeld());
while ($lock->isHeld()) usleep(1000);
var_dump($election->isLeader());
show(fn() => $lock->release());
show(fn() => $election->campaign());
// There is nobody to ask, and the addresses are told within the session's time.
between(0, milliseconds(fn() => show(fn() => str_replace($hosts, 'HOST', (new Queue($hosts, '/queue'))->put('x')))), 12000);
between(0, milliseconds(fn() => show(fn() => $lock->contenders())), 5000);
// The next session begins by itself.
[, $process] = server((int) substr(strrchr($hosts, ':'), 1));
var_dump($lock->acquire(20), $lock->isHeld());
$lock->release();
proc_terminate($process);
?>
--EXPECTF--
bool(true)
bool(true)
bool(true)
bool(false)
Trellis\SessionLostException: the lock was lost with its session
Trellis\SessionLostException: the leadership was lost with its session
Trellis\ConnectionException: none of the servers can be reached (127.0.0.1:%d: connection refused)
in time
Trellis\ConnectionException: none of the servers can be reached (127.0.0.1:%d: connection refused)
in time
bool(true)
bool(true)

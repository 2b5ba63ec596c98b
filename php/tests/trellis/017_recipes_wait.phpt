--TEST--
Handlers of signals and timers run while a recipe waits, and what they throw ends the wait
--EXTENSIONS--
trellis
pcntl
posix
--FILE--
<?php
require __DIR__ . '/common.inc';
use Trellis\{Lock, Queue, Timer};
pcntl_signal(SIGALRM, fn() => throw new RuntimeException('alarm'));
[$lock, $other] = [new Lock(hosts(), path('lock')), new Lock(hosts(), path('lock'))];
$lock->acquire();
$ticks = 0;
$timer = Timer::every(10, function (Timer $timer) use (&$ticks) {
    if (++$ticks === 5) {
        $timer->cancel();
        posix_kill(getmypid(), SIGALRM);
    }
});
between(40, milliseconds(fn() => show(fn() => $other->acquire(20))), 5000);
var_dump($other->isHeld());
// Whoever stopped waiting stands in nobody's way.
while (count($lock->contenders()) > 1) usleep(1000);
$lock->release();
var_dump($other->acquire(20));
// An end of the script in a wait.
register_shutdown_function(function () use ($other) { var_dump($other->isHeld()); });
Timer::after(20, function () { exit("bye\n"); });
(new Queue(hosts(), path('queue')))->take();
?>
--EXPECT--
RuntimeException: alarm
in time
bool(false)
bool(true)
bye
bool(true)

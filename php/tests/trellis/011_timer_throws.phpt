--TEST--
What a timer's callback throws arrives where the script is; the timer goes on
--EXTENSIONS--
trellis
--FILE--
<?php
require __DIR__ . '/common.inc';
use Trellis\Timer;
$throws = fn() => throw new RuntimeException('thrown');
Timer::after(10, $throws);
show(function () { for (;;); });
Timer::after(10, $throws);
show(fn() => sleep(20));
Timer::after(10, $throws);
show(fn() => time_nanosleep(20, 0));
// What one throws keeps no other from being called.
$count = 0;
$both = function () use (&$count) { throw new RuntimeException('number ' . ++$count); };
Timer::after(50, $both);
Timer::after(50, $both);
try {
    for (;;);
} catch (RuntimeException $thrown) {
    while ($count < 2);
    echo $count, "\n";
}
$count = 0;
$timer = Timer::every(1, function (Timer $timer) use (&$count) { if (++$count === 3) $timer->cancel(); throw new RuntimeException; });
while ($timer->isActive()) {
    try { for (;;); } catch (RuntimeException) {}
}
var_dump($count);
Timer::after(20, function () { echo "bye\n"; exit(0); });
sleep(20);
echo "not reached\n";
?>
--EXPECT--
RuntimeException: thrown
RuntimeException: thrown
RuntimeException: thrown
2
int(3)
bye

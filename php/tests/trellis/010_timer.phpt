--TEST--
Timers fire once or again and again, in loops without ticks and while the script sleeps
--EXTENSIONS--
trellis
--FILE--
<?php
require __DIR__ . '/common.inc';
use Trellis\Timer;
// In a loop.
$said = [];
Timer::after(1000, function (Timer $timer) use (&$said) { $said[] = 'later'; $said[] = $timer->isActive(); });
Timer::after(400, function () use (&$said) { $said[] = 'sooner'; });
Timer::after(0, function () use (&$said) { $said[] = 'at once'; });
while (count($said) < 4);
echo json_encode($said), "\n";
// In a sleep, which lasts as long as without.
$count = 0;
$timer = Timer::every(20, function (Timer $timer) use (&$count) {
    if (++$count === 3) var_dump($timer->cancel(), $timer->cancel(), $timer->isActive());
});
var_dump($timer->isActive());
between(299, milliseconds(fn() => usleep(300000)), 1500);
var_dump($count, $timer->isActive(), $timer->cancel());
// Nobody holds it, and it fires; nor does the callback's object need to be held.
class Counter { public $count = 0; function count() { $this->count++; } }
$counter = new Counter;
Timer::after(1, [$counter, 'count']);
$timer = Timer::after(1, fn() => null);
unset($timer);
usleep(100000);
var_dump($counter->count);
// One that is slow leaves time for the script, and so do several.
$count = 0;
$timers = [];
foreach (range(1, 3) as $number) $timers[] = Timer::every(1, function () use (&$count) { usleep(2000); $count++; });
for ($i = 0, $end = microtime(true) + 20; ($i < 4 || $count < 6) && microtime(true) < $end; $i++);
foreach ($timers as $timer) $timer->cancel();
var_dump($i > 3, $count > 5);
// One starts another.
$chain = [];
$next = function () use (&$next, &$chain) { $chain[] = count($chain); if (count($chain) < 5) Timer::after(1, $next); };
$next();
while (count($chain) < 5);
unset($next);
echo json_encode($chain), "\n";
gc_collect_cycles();
?>
--EXPECT--
["at once","sooner","later",false]
bool(true)
bool(true)
bool(false)
bool(false)
in time
int(3)
bool(false)
bool(false)
int(1)
bool(true)
bool(true)
[0,1,2,3,4]

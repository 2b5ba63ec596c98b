--TEST--
A child has none of its parent's timers, and may have its own
--EXTENSIONS--
trellis
pcntl
--FILE--
<?php
require __DIR__ . '/common.inc';
use Trellis\Timer;
$who = 'parent';
$count = 0;
$timer = Timer::every(5, function () use (&$who, &$count) { $count++; if ($who !== 'parent') echo "a parent's timer fires in its $who\n"; });
for ($round = 0; $round < 5; $round++) {
    ended(child(function () use (&$who, $timer, $round) {
        $who = 'child';
        usleep(15000);
        if ($timer->isActive() || $timer->cancel()) echo "the child has a parent's timer\n";
        $fired = false;
        Timer::after(5, function () use (&$fired) { $fired = true; });
        if ($round % 2) usleep(100000);
        else while (!$fired);
        if (!$fired) echo "the child's timer has not fired\n";
        ended(child(function () use (&$fired) {
            $fired = false;
            Timer::after(1, function () use (&$fired) { $fired = true; });
            while (!$fired);
        }));
    }));
}
var_dump($timer->isActive());
$before = $count;
while ($count < $before + 3);
var_dump($timer->cancel());
?>
--EXPECT--
bool(true)
bool(true)

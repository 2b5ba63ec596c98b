--TEST--
Queues have priorities and any bytes, and barriers hold up
--EXTENSIONS--
trellis
pcntl
--FILE--
<?php
require __DIR__ . '/common.inc';
use Trellis\{Barrier, DoubleBarrier, Queue, Timer};
$queue = new Queue(hosts(), path('queue'));
var_dump(count($queue), $queue instanceof Countable, $queue->take(0), $queue->take(0.05));
$bytes = implode(array_map('chr', range(0, 255)));
$queue->put('last', 999);
$queue->put('usual');
$queue->put($bytes, 1);
$queue->put('');
var_dump(count($queue), $queue->take() === $bytes, $queue->take(20), $queue->take(0), $queue->take(), count($queue));
Timer::after(50, function () { (new Queue(hosts(), path('queue')))->put('late'); });
between(40, milliseconds(function () use ($queue) { var_dump($queue->take(20)); }), 5000);
// Several take, and each gets others.
[$work, $done] = [path('work'), path('done')];
$children = array_map(fn() => child(function () use ($work, $done) {
    [$work, $done] = [new Queue(hosts(), $work), new Queue(hosts(), $done)];
    while (($entry = $work->take(20)) !== 'end') $done->put($entry);
}), range(1, 3));
[$work, $done] = [new Queue(hosts(), $work), new Queue(hosts(), $done)];
foreach (range(1, 30) as $number) $work->put("$number");
foreach (range(1, 3) as $number) $work->put('end', 500);
array_map('ended', $children);
while (($entry = $done->take(0)) !== null) $all[] = (int) $entry;
sort($all);
var_dump($all === range(1, 30), count($work));
echo "barrier\n";
$barrier = new Barrier(hosts(), path('barrier'));
var_dump($barrier->wait(), $barrier->raise(), $barrier->raise(), $barrier->wait(0), $barrier->wait(0.05));
Timer::after(50, function () { var_dump((new Barrier(hosts(), path('barrier')))->lower()); });
between(40, milliseconds(function () use ($barrier) { var_dump($barrier->wait(20)); }), 5000);
var_dump($barrier->lower());
echo "double barrier\n";
$path = path('double');
$alone = new DoubleBarrier(hosts(), $path, 2, 'one');
var_dump($alone->enter(0.05));
$child = child(function () use ($path) {
    $barrier = new DoubleBarrier(hosts(), $path, 2);
    exit($barrier->enter(20) && $barrier->leave(20) ? 0 : 1);
});
var_dump($alone->enter(20));
show(fn() => $alone->enter(20));
var_dump($alone->leave(20));
show(fn() => $alone->leave(20));
ended($child);
?>
--EXPECT--
int(0)
bool(true)
NULL
NULL
int(4)
bool(true)
string(5) "usual"
string(0) ""
string(4) "last"
int(0)
string(4) "late"
in time
bool(true)
int(0)
barrier
bool(true)
NULL
NULL
bool(false)
bool(false)
bool(true)
bool(true)
in time
bool(false)
double barrier
bool(false)
bool(true)
Trellis\CoordinationException: the place in the barrier is held by this object already
bool(true)
Trellis\CoordinationException: the place in the barrier is not held by this object

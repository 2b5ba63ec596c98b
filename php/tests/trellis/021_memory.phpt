--TEST--
Memory stays flat over many timers, locks and results
--EXTENSIONS--
trellis
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) die('skip it takes seconds, and minutes under valgrind'); ?>
--FILE--
<?php
require __DIR__ . '/common.inc';
use Trellis\{Lock, Queue, Timer};
function resident(): int {
    return (int) explode(' ', file_get_contents('/proc/self/statm'))[1] * 4;
}
$lock = new Lock(hosts(), path('lock'));
$queue = new Queue(hosts(), path('queue'));
$fired = $started = 0;
$round = function (int $times) use ($lock, $queue, &$fired, &$started) {
    for ($i = 0; $i < $times; $i++) {
        // However busy the machine is, there are not many timers at once: PHP's table of objects grows with them, and stays so.
        if ($i % 100 === 0) while ($fired < $started);
        $started++;
        Timer::after(0, function () use (&$fired) { $fired++; });
        Timer::every(1000, fn() => null)->cancel();
        try { Timer::every(0, fn() => null); } catch (ValueError) {}
        if ($i % 10) continue;
        $lock->acquire();
        try { $lock->acquire(); } catch (Trellis\CoordinationException) {}
        $lock->release();
        $queue->put(str_repeat('x', 500));
        $queue->take();
        $queue->take(0);
    }
    while ($fired < $started);
};
$round(5000);
$before = [memory_get_usage(), resident()];
$round(50000);
$grown = memory_get_usage() - $before[0];
echo $grown < 5_000 ? 'PHP: flat' : "PHP: $grown bytes more", "\n";
$grown = resident() - $before[1];
echo $grown < 1_024 ? 'process: flat' : "process: $grown KiB more", "\n";
$before = [memory_get_usage(), count(scandir('/proc/self/fd'))];
for ($i = 0; $i < 20; $i++) {
    $pool = new Trellis\ProcessPool(4);
    foreach (range(1, 5) as $number) $pool->apply(fn() => str_repeat('x', 100_000));
    $pool->getAll();
    (new Lock(hosts() . "/place$i", '/lock'))->contenders();
    unset($pool);
}
var_dump(memory_get_usage() - $before[0] < 10_000, count(scandir('/proc/self/fd')) <= $before[1] + 2);
?>
--EXPECT--
PHP: flat
process: flat
bool(true)
bool(true)

--TEST--
Pools and what they hold are collected when nobody else holds them
--EXTENSIONS--
trellis
--FILE--
<?php
use Trellis\{ProcessPool, Timer};
final class Mark {
    static int $count = 0;
    public $pool;
    function __construct() { self::$count++; }
    function __destruct() { self::$count--; }
    function run() { return $this; }
}
#[AllowDynamicProperties]
class MyPool extends ProcessPool {
    public $a, $mark, $b;
}
function collected(string $name, callable $make): void {
    for ($i = 0; $i < 100; $i++) {
        $pool = new MyPool(1, false);
        $mark = new Mark;
        $mark->pool = $pool;
        $make($pool, $mark);
        unset($pool, $mark);
    }
    $made = Mark::$count;
    gc_collect_cycles();
    echo $name, ": $made, and then ", Mark::$count, "\n";
}
collected('a hook', fn($pool, $mark) => $pool->setOnCreate(function () use ($mark) {}));
collected('a task', fn($pool, $mark) => $pool->apply([$mark, 'run']));
collected('a result', fn($pool, $mark) => [$pool->apply([$mark, 'run']), $pool->hasResult()]);
collected('a property', function ($pool, $mark) { $pool->mark = $mark; $pool->apply(fn() => 1); });
collected('all of them', function ($pool, $mark) {
    foreach ([1, 2] as $_) {
        $pool->setOnCreate([$mark, 'run']);
        $pool->apply([$mark, 'run'], $mark, $mark);
        $pool->hasResult();
        $pool->dynamic = $pool->mark = $mark;
        $pool->apply([$mark, 'run'], $mark, $mark);
    }
});
// What is held by somebody else stays, and is whole.
$mark = new Mark;
$pool = $mark->pool = new ProcessPool(1, false);
$pool->apply([$mark, 'run'], $mark);
$pool->setOnCreate(function () use ($mark) {});
unset($mark);
for ($i = 0; $i < 3; $i++) gc_collect_cycles();
echo get_class($pool->get()), ' ', Mark::$count, "\n";
unset($pool);
gc_collect_cycles();
echo Mark::$count, "\n";
// A timer holds what it will call.
(function () {
    $mark = new Mark;
    $mark->pool = Timer::after(50, function () use ($mark) { echo get_class($mark->pool), "\n"; });
})();
gc_collect_cycles();
echo Mark::$count, "\n";
while (Mark::$count) {
    gc_collect_cycles();
}
?>
--EXPECT--
a hook: 100, and then 0
a task: 100, and then 0
a result: 100, and then 0
a property: 100, and then 0
all of them: 100, and then 0
Mark 1
0
1
Trellis\Timer

--TEST--
A pool that its own tasks hold, which wait for a child, is collected when nobody else holds it
--EXTENSIONS--
trellis
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) echo 'skip valgrind knows no pidfd_open, and is slow'; ?>
--FILE--
<?php
final class Mark {
    static int $count = 0;
    public $pool;
    function __construct() { self::$count++; }
    function __destruct() { self::$count--; }
    function run() {}
}
$tasks = [
    'callable' => fn($pool, $mark) => $pool->apply([$mark, 'run']),
    'argument' => fn($pool, $mark) => $pool->apply(fn() => 1, 'text', [$mark], 3),
];
foreach ($tasks as $what => $add) {
    $pool = new Trellis\ProcessPool(1);
    $mark = new Mark;
    $mark->pool = $pool;
    $pool->apply(fn() => usleep(100000));
    $add($pool, $mark);
    echo $what, ': ', $pool->getPending(true);
    unset($pool, $mark);
    $held = Mark::$count;
    gc_collect_cycles();
    echo " pending with $held, and then ", Mark::$count, "\n";
}
?>
--EXPECT--
callable: 1 pending with 1, and then 0
argument: 1 pending with 1, and then 0

--TEST--
A pool's children have their own timers and locks, and its parent's run while it waits
--EXTENSIONS--
trellis
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) echo 'skip valgrind knows no pidfd_open, and is slow'; ?>
--FILE--
<?php
require __DIR__ . '/common.inc';
use Trellis\{Lock, ProcessPool, Timer};
$pool = new ProcessPool(2);
$pool->apply(fn() => sleep(20));
Timer::after(20, fn() => throw new RuntimeException('instead of a result'));
show(fn() => $pool->get());
$pool->killAll();
$pool->getAll();
$ticks = 0;
$timer = Timer::every(5, function () use (&$ticks) { $ticks++; });
foreach (range(1, 4) as $number) {
    $pool->apply(function () {
        $fired = false;
        Timer::after(1, function () use (&$fired) { $fired = true; });
        while (!$fired);
        usleep(30000);
        return $fired;
    });
}
var_dump(array_sum($pool->getAll()), $ticks > 3, $timer->cancel());
$lock = new Lock(hosts(), $path = path('lock'));
$lock->acquire();
foreach (range(1, 4) as $number) {
    $pool->apply(function () use ($path, $lock) {
        return [$lock->isHeld(), (new Lock(hosts(), $path))->acquire(0)];
    });
}
var_dump(array_unique(array_merge(...$pool->getAll())), $lock->isHeld(), count($lock->contenders()));
// Each adds to what the one before has written.
$file = tempnam(sys_get_temp_dir(), 'pool');
file_put_contents($file, '0');
$lock->release();
foreach (range(1, 20) as $number) {
    $pool->apply(function () use ($path, $file) {
        $lock = new Lock(hosts(), $path);
        $lock->acquire();
        $count = file_get_contents($file);
        usleep(2000);
        file_put_contents($file, $count + 1);
        $lock->release();
    });
}
$pool->getAll();
var_dump(file_get_contents($file));
unlink($file);
?>
--EXPECT--
RuntimeException: instead of a result
int(4)
bool(true)
bool(true)
array(1) {
  [0]=>
  bool(false)
}
bool(true)
int(1)
string(2) "20"

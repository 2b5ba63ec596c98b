--TEST--
Timers fire in compiled loops
--EXTENSIONS--
opcache
trellis
--INI--
opcache.enable=1
opcache.enable_cli=1
opcache.jit=tracing
opcache.jit_buffer_size=16M
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) echo 'skip valgrind does not see into compiled code'; ?>
--FILE--
<?php
use Trellis\Timer;
var_dump(opcache_get_status()['jit']['on']);
function work(int $rounds): int {
    for ($sum = 0, $i = 0; $i < $rounds; $i++) $sum += $i % 7;
    return $sum;
}
work(1_000_000);
$count = 0;
$timer = Timer::every(1, function () use (&$count) { $count++; });
while ($count < 50) work(1000);
$timer->cancel();
// In a single call of a compiled function, and out of it.
Timer::after(20, fn() => throw new RuntimeException('out of the loop'));
try {
    work(PHP_INT_MAX);
} catch (RuntimeException $thrown) {
    echo $thrown->getMessage(), "\n";
}
$list = range(1, 20000);
usort($list, function ($a, $b) use (&$done) {
    static $timer;
    $timer ??= Timer::after(1, function () use (&$done) { $done = true; });
    return $b <=> $a;
});
while (!$done);
echo "done\n";
?>
--EXPECT--
bool(true)
out of the loop
done

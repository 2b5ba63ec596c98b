--TEST--
Pools that are dropped leave neither zombies nor descriptors behind
--EXTENSIONS--
trellis
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) echo 'skip valgrind knows no pidfd_open, and is slow'; ?>
--FILE--
<?php
use Trellis\ProcessPool;
require __DIR__ . '/common.inc';
/** How many children there are that have ended, or not yet. */
function children(): int {
    return count(explode(' ', file_get_contents('/proc/self/task/' . getmypid() . '/children'))) - 1;
}
/** How many descriptors are open. */
function descriptors(): int {
    return count(glob('/proc/self/fd/*'));
}
$before = descriptors();
for ($round = 0; $round < 100; $round++) {
    $pool = new ProcessPool();
    $pool->apply(fn() => 1);
    $pool->get();
}
unset($pool);
// The last ones may still be ending.
between(0, children(), 10);
between(0, descriptors() - $before, 10);
?>
--EXPECT--
in time
in time

--TEST--
Tasks that add tasks to a pool without forks go on as long as they like, each after the one that has added it
--EXTENSIONS--
trellis
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) echo 'skip valgrind is too slow for it, and knows no pidfd_open'; ?>
--INI--
memory_limit=256M
display_errors=0
--FILE--
<?php
require __DIR__ . '/common.inc';
use Trellis\ProcessPool;
$pool = new ProcessPool(1, false);
$count = 0;
$next = function () use ($pool, &$next, &$count) { if (++$count < 50_000) $pool->apply($next); };
$pool->apply($next);
var_dump($count, $pool->getPending());
// The one that has added another comes first, unless it asks for the other's result.
$pool->apply(function () use ($pool) {
    $pool->apply(fn() => print("added\n"))->apply(fn() => print("added next\n"));
    echo $pool->getPending(true), " wait\n";
});
var_dump($pool->getAll());
$pool->apply(function () use ($pool) {
    var_dump($pool->apply(fn() => 'of the other')->get());
    return 'of the one';
});
var_dump($pool->getAll());
// What was added before something is thrown waits for the next call, and is not forgotten.
show(fn() => $pool->apply(function () use ($pool) {
    $pool->apply(fn() => 'added before');
    throw new LogicException('thrown');
}));
var_dump($pool->getPending(true), $pool->getAll());
// A child may use its copy, whatever its parent is in the middle of.
$pool->apply(fn() => ended(child(function () use ($pool) {
    $pool->apply(fn() => print("in a child\n"));
})));
$forks = new ProcessPool(1);
$forks->setOnCreate(function ($more) use ($forks) { if ($more) $forks->apply(fn() => 'added by the callback', false); });
$forks->apply(fn() => 'added by the script', true);
var_dump($forks->getAll());
// After a fatal error in a task, the shutdown functions may use it, too.
register_shutdown_function(function () use ($pool, &$next, &$count) {
    $count = 0;
    $pool->apply($next);
    var_dump($count);
});
$pool->apply(function () { trigger_error('fatal', E_USER_ERROR); });
?>
--EXPECT--
int(50000)
int(0)
2 wait
added
added next
array(2) {
  [0]=>
  int(1)
  [1]=>
  int(1)
}
string(12) "of the other"
array(1) {
  [0]=>
  string(10) "of the one"
}
LogicException: thrown
int(1)
array(1) {
  [0]=>
  string(12) "added before"
}
in a child
array(2) {
  [0]=>
  string(19) "added by the script"
  [1]=>
  string(21) "added by the callback"
}
int(50000)

--TEST--
A child of a pool that is used in a callback has timers, in loops and while it sleeps
--EXTENSIONS--
trellis
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) echo 'skip valgrind knows no pidfd_open, and is slow'; ?>
--FILE--
<?php
use Trellis\{ProcessPool, Timer};
$results = null;
Timer::after(1, function () use (&$results) {
    $pool = new ProcessPool;
    $pool->apply(function () {
        $fired = false;
        Timer::after(1, function () use (&$fired) { $fired = true; });
        for ($began = hrtime(true); !$fired && hrtime(true) - $began < 5e9;);
        return $fired;
    });
    $pool->apply(function () {
        $count = 0;
        Timer::every(10, function () use (&$count) { $count++; });
        usleep(200000);
        return $count > 3;
    });
    $results = $pool->getAll();
});
while ($results === null);
var_dump($results);
?>
--EXPECT--
array(2) {
  [0]=>
  bool(true)
  [1]=>
  bool(true)
}

--TEST--
A pool returns 100 of 100 results, whatever their size, and what tasks say before they return
--EXTENSIONS--
trellis
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) echo 'skip valgrind knows no pidfd_open, and is slow'; ?>
--FILE--
<?php
use Trellis\ProcessPool;
$pool = new ProcessPool(16);
for ($i = 0; $i < 100; $i++) {
    $pool->apply(function ($parent, $factor) use ($i) {
        usleep(mt_rand(0, 5000));
        return [$i => $i * $factor];
    }, 2);
}
var_dump($pool->getMax(), $pool->getWorkers() <= 16, $pool->getPending());
$sum = 0;
$keys = [];
while ($pool->getPending()) {
    foreach ($pool->get() as $key => $value) {
        $keys[$key] = true;
        $sum += $value;
    }
}
var_dump(count($keys), $sum, $pool->getCompleted(), $pool->getActive(), $pool->get());
$pool->apply(fn() => str_repeat('x', 5 << 20));
var_dump(strlen($pool->get()));
$pool->apply(fn() => new ArrayObject([1, "\0", null]));
var_dump($pool->get() == new ArrayObject([1, "\0", null]));
$pool->apply(function ($parent) {
    ProcessPool::socket_send($parent, 'first');
    ProcessPool::socket_send($parent, ['second']);
    return 'last';
});
echo json_encode($pool->getAll()), "\n";
$pool->apply(fn() => null);
var_dump($pool->getAll(), $pool->hasResult(), $pool->getResult());
$pool->apply(fn() => 'ready');
var_dump(count($pool->wait()), $pool->hasResult(), $pool->getResult(), $pool->get(), $pool->wait());
?>
--EXPECT--
int(16)
bool(true)
int(100)
int(100)
int(9900)
int(100)
int(0)
NULL
int(5242880)
bool(true)
["first",["second"],"last"]
array(0) {
}
bool(false)
NULL
int(1)
bool(true)
string(5) "ready"
NULL
NULL

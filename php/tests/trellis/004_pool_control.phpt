--TEST--
Time-outs, signals, clear, the callback at each child, objects that run, and a pool without forks
--EXTENSIONS--
trellis
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) echo 'skip valgrind knows no pidfd_open, and is slow'; ?>
--FILE--
<?php
use Trellis\{ProcessInterface, ProcessPool, ProcessPoolException};
$pool = new ProcessPool(1);
$pool->apply(fn() => sleep(60))->apply(fn() => 'never');
var_dump($pool->getPending(true), $pool->getPending(), $pool->get(0.05, true));
foreach (['get', 'getAll'] as $method) {
    try {
        $pool->$method(0.05);
    } catch (ProcessPoolException $exception) {
        echo $exception->getMessage(), "\n";
    }
}
var_dump($pool->clear()->killAll()->getAll(), $pool->getPending());
class Runs implements ProcessInterface { public function run($parent, $what = '') { return "ran $what"; } }
class AlsoRuns { public function run($parent, $what = '') { return "also ran $what"; } }
echo $pool->apply(new Runs, 'this')->get(), ', ', $pool->apply(new AlsoRuns, 'that')->get(), "\n";
$pool->setOnCreate(function (...$arguments) { echo 'created with ', json_encode($arguments), "\n"; });
echo $pool->apply(fn($parent, $a, $b) => "$a$b", 'a', 'b')->get(), "\n";
$pool->setOnCreate();
pcntl_signal(SIGALRM, function () { throw new RuntimeException('an alarm'); });
pcntl_alarm(1);
$pool->apply(fn() => sleep(60));
try {
    $pool->get();
} catch (RuntimeException $exception) {
    echo $exception->getMessage(), "\n";
}
var_dump($pool->killAll(SIGKILL)->get());
$pool->setForking(false)->apply(function ($parent, $value) {
    ProcessPool::socket_send($parent, 'sent');
    return [$value, getmypid()];
}, 'here');
var_dump($pool->getAll() === ['sent', ['here', getmypid()]]);
foreach ([fn() => $pool->setMax(0), fn() => new ProcessPool(-1)] as $wrong) {
    try {
        $wrong();
    } catch (InvalidArgumentException $exception) {
        echo $exception->getMessage(), "\n";
    }
}
?>
--EXPECT--
int(1)
int(2)
NULL
Timeout
Timeout
array(0) {
}
int(0)
ran this, also ran that
created with ["a","b"]
ab
an alarm
NULL
bool(true)
Max value must be > 0
Max value must be > 0

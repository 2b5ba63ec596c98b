--TEST--
A task in a fiber of its parent's has only its own fibers to suspend, and never gets into its parent's program
--EXTENSIONS--
trellis
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) echo 'skip valgrind knows no pidfd_open, and is slow'; ?>
--FILE--
<?php
use Trellis\{ProcessPool, ProcessPoolException};
$other = new Fiber(fn() => Fiber::suspend('other') . ' resumed');
$other->start();
$tasks = [
    'suspends' => function () { Fiber::suspend(5); return 'resumed'; },
    'is in no fiber' => fn() => Fiber::getCurrent() === null,
    'resumes the one it is in' => fn() => $GLOBALS['fiber']->resume(),
    'has its own' => function () {
        $own = new Fiber(fn() => Fiber::suspend('own') . ' resumed');
        return [$own->start(), $own->resume('own'), $own->getReturn()];
    },
    'has its copy of another' => function () use ($other) { $other->resume('copy'); return $other->getReturn(); },
    'exits' => function () { exit(0); },
    'ends in a fatal error' => function () { ini_set('display_errors', '0'); trigger_error('fatal', E_USER_ERROR); },
];
$fiber = new Fiber(function () use ($tasks) {
    foreach ($tasks as $name => $task) {
        try {
            $said = (new ProcessPool)->apply($task)->getAll();
        } catch (ProcessPoolException $thrown) {
            $said = $thrown->getMessage();
        }
        echo "$name: ", json_encode($said), "\n";
        Fiber::suspend();
    }
});
for ($fiber->start(); !$fiber->isTerminated(); $fiber->resume());
$other->resume('other');
echo $other->getReturn(), "\nthe parent's end\n";
?>
--EXPECT--
suspends: "Cannot suspend outside of a fiber"
is in no fiber: [true]
resumes the one it is in: "Cannot resume a fiber that is not suspended"
has its own: [["own",null,"own resumed"]]
has its copy of another: ["copy resumed"]
exits: []
ends in a fatal error: "fatal"
other resumed
the parent's end

--TEST--
A child holds nothing of its parent's, says nothing on its connection, and may take part with objects of its own
--EXTENSIONS--
trellis
pcntl
--FILE--
<?php
require __DIR__ . '/common.inc';
use Trellis\{ForkedException, Lock, Queue};
$path = path('lock');
$lock = new Lock(hosts(), $path);
$queue = new Queue(hosts(), path('queue'));
$queue->put('x');
$lock->acquire();
$tells = tempnam(sys_get_temp_dir(), 'fork');
for ($round = 0; $round < 20; $round++) {
    ended(child(function () use ($lock, $queue, $path, $tells) {
        ob_start();
        show(fn() => $lock->isHeld());
        show(fn() => $lock->release());
        show(fn() => $lock->acquire());
        show(fn() => $queue->take());
        $own = new Lock(hosts(), $path, 'child');
        show(fn() => $own->acquire(0));
        file_put_contents($tells, ob_get_clean());
        // Some end with the parent's objects, and some give them back before.
        if (mt_rand(0, 1)) unset($GLOBALS['lock'], $GLOBALS['queue'], $lock, $queue);
    }));
    if (!$lock->isHeld() || count($lock->contenders()) !== 1) echo "a child has disturbed its parent\n";
}
echo file_get_contents($tells);
unlink($tells);
var_dump($queue->take());
$lock->release();
?>
--EXPECT--
false
Trellis\ForkedException: the object belongs to the parent process; make one in this process
Trellis\ForkedException: the object belongs to the parent process; make one in this process
Trellis\ForkedException: the object belongs to the parent process; make one in this process
false
string(1) "x"

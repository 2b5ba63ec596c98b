--TEST--
A child that a timer's callback has forked writes nothing into what it opens where its parent's descriptor was
--EXTENSIONS--
trellis
pcntl
--FILE--
<?php
require __DIR__ . '/common.inc';
use Trellis\Timer;
foreach (['returns' => fn() => null, 'exits' => function () { exit; }] as $name => $end) {
    echo "the child $name\n";
    $low = null;
    // What the child's own timer needs takes the places of these, and the file that of what its parent's has needed.
    $low = [fopen('/dev/null', 'r'), fopen('/dev/null', 'r')];
    $path = tempnam(sys_get_temp_dir(), 'bell');
    $child = pcntl_fork();
    if ($child !== 0) {
        ended($child);
        echo file_get_contents($path);
        unlink($path);
        continue;
    }
    $pid = null;
    $files = [];
    Timer::after(1, function () use (&$pid, &$files, &$low, $path, $end) {
        $pid = pcntl_fork();
        if ($pid !== 0) return;
        $low = null;
        Timer::after(0, fn() => null)->cancel();
        for ($count = 0; $count < 8; $count++) $files[] = fopen($path, 'a');
        fwrite($files[0], "the child's\n");
        $end();
    });
    for ($began = hrtime(true); $pid === null && hrtime(true) - $began < 5e9;);
    if ($pid === 0) exit;
    ended($pid);
    exit;
}
?>
--EXPECT--
the child returns
the child's
the child exits
the child's

--TEST--
In php -S, each request has its own timers and recipes, and one that ends badly harms no other
--EXTENSIONS--
trellis
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) echo 'skip it would take minutes under valgrind'; ?>
--FILE--
<?php
require __DIR__ . '/common.inc';
$script = tempnam(sys_get_temp_dir(), 'web');
file_put_contents($script, '<?php
    $lock = new Trellis\Lock(getenv("TRELLIS_ZOOKEEPER"), getenv("WEB_PATH"));
    $count = 0;
    Trellis\Timer::every(1, function () use (&$count) { $count++; });
    while ($count < 3);
    echo json_encode($lock->acquire(20));
    Trellis\Timer::after(5, function () {
        echo " timer";
        match ($_GET["end"]) {
            "well" => null,
            "exit" => exit(" exit"),
            "throw" => throw new Exception("thrown"),
            "fatal" => eval("class Closure {}"),
        };
    });
    usleep($_GET["end"] === "well" ? 50_000 : 20_000_000);
    echo " end";
');
putenv('WEB_PATH=' . path('lock'));
$modules = [];
foreach (explode("\0", file_get_contents('/proc/self/cmdline')) as $argument) {
    if (preg_match('#^extension=.*trellis\.so$#', $argument)) array_push($modules, '-d', $argument);
}
$command = [PHP_BINARY, '-n', ...$modules, '-d', 'display_errors=0', '-S', '127.0.0.1:0', $script];
$server = proc_open($command, [['file', '/dev/null', 'r'], ['file', '/dev/null', 'w'], ['pipe', 'w']], $pipes);
while (!preg_match('#http://(127\.0\.0\.1:\d+)\)#', fgets($pipes[2]), $match));
foreach (['well', 'exit', 'throw', 'fatal', 'well', 'exit', 'well'] as $end) {
    $context = stream_context_create(['http' => ['ignore_errors' => true]]);
    echo file_get_contents("http://$match[1]/?end=$end", context: $context), "\n";
}
// Nothing of them is left: no timer's thread, and no session's.
$pid = proc_get_status($server)['pid'];
for ($tries = 0; count(glob("/proc/$pid/task/*")) > 1 && $tries < 1000; $tries++) usleep(10000);
var_dump(count(glob("/proc/$pid/task/*")));
proc_terminate($server);
unlink($script);
?>
--EXPECT--
true timer end
true timer exit
true timer
true timer
true timer end
true timer exit
true timer end
int(1)

--TEST--
A watcher that sets itself again is called while its script sleeps, without ticks
--EXTENSIONS--
zookeeper
--FILE--
<?php
require __DIR__ . '/servers.inc';
require __DIR__ . '/worker.inc';
on_each_server(function (string $server) {
    $here = new Zookeeper($server);
    $here->create('/test', '', OPEN);
    $script = copy_for('01_zookeeperdemo1.php', $server);
    $copy = new Copy($script);
    $copy->expect('.');
    for ($i = 0; $i < 3; $i++) {
        $begin = microtime(true);
        do {
            // It says so before it has set its watch again, so it may miss what comes at once.
            $here->set('/test', "$i");
        } while ($copy->prints("/Insider Watcher\n/", 0.2) === null && microtime(true) - $begin < 60);
        // It sleeps for 2 s at a time.
        $soon[] = microtime(true) - $begin < 1;
    }
    echo json_encode($soon), "\n";
    $copy->kill();
    unlink($script);
});
?>
--EXPECT--
[true,true,true]

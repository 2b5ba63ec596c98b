--TEST--
A watcher that is called in a fiber may suspend it
--EXTENSIONS--
zookeeper
--FILE--
<?php
require __DIR__ . '/servers.inc';
on_each_server(function (string $server) {
    $count = 0;
    $here = new Zookeeper($server);
    $there = new Zookeeper($server);
    $there->create('/one', '');
    $fiber = new Fiber(function () use ($here, $there, &$count) {
        $here->get('/one', function (...$arguments) use (&$count) {
            Fiber::suspend('suspended in a callback');
            $count++;
        });
        $there->set('/one', '');
        wait_for(function () use (&$count) { return $count; });
        echo "resumed\n";
    });
    echo $fiber->start(), "\n";
    $fiber->resume();
});
?>
--EXPECT--
suspended in a callback
resumed

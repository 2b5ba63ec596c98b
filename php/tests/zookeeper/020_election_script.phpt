--TEST--
Three copies of a script elect a leader, and another one when it is killed
--EXTENSIONS--
zookeeper
--SKIPIF--
<?php
if (getenv('USE_ZEND_ALLOC') === '0') die('skip what it is about runs in other processes, without valgrind');
?>
--FILE--
<?php
require __DIR__ . '/servers.inc';
require __DIR__ . '/worker.inc';
on_each_server(function (string $server) {
    $script = copy_for('02_worker.php', $server);
    $first = new Copy($script);
    $first->expect("I'm registred as: w-0000000000\nNobody here, I'm the leader\nLeading\n");
    $second = new Copy($script);
    $second->expect("I'm registred as: w-0000000001\nI'm watching w-0000000000\nWorking\n");
    $third = new Copy($script);
    $third->expect("I'm registred as: w-0000000002\nI'm watching w-0000000001\nWorking\n");
    $first->kill(9);
    // Its session has to time out; then both watchers tell.
    $second->expect("I'm the new leader!\nI'm the new leader!\n");
    $second->expect("Leading\n");
    // Who watches the second notices nothing.
    echo str_contains($third->printed, 'leader') ? "two leaders\n" : "one leader\n";
    $second->kill(15);
    $third->kill(15);
    unlink($script);
});
?>
--EXPECT--
one leader

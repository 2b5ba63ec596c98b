--TEST--
A child leaves its parent's session alone, and has its own if it wants to
--EXTENSIONS--
zookeeper
pcntl
--FILE--
<?php
require __DIR__ . '/servers.inc';
on_each_server(function (string $server) {
    $zookeeper = new Zookeeper($server, fn() => null);
    $zookeeper->create('/e', '', OPEN, Zookeeper::EPHEMERAL);
    $zookeeper->get('/e', printer('parent', $told));
    $tells = tempnam(sys_get_temp_dir(), 'fork');
    for ($round = 0; $round < 20; $round++) {
        if (($child = pcntl_fork()) === 0) {
            ob_start(fn() => '');
            ob_start();
            try_it(fn() => $zookeeper->get('/e'));
            try_it(fn() => $zookeeper->getState());
            $zookeeper->connect($server);
            try_it(fn() => count($zookeeper->getChildren('/')));
            $zookeeper->create('/child', '', OPEN, Zookeeper::EPHEMERAL);
            $zookeeper->get('/child', printer('child', $told));
            $zookeeper->set('/child', 'x');
            usleep(1000);
            // A child of the child.
            if (pcntl_fork() === 0) {
                try_it(fn() => $zookeeper->close());
                exit;
            }
            pcntl_wait($status);
            try_it(fn() => is_array($zookeeper->exists('/child')));
            file_put_contents($tells, ob_get_clean());
            exit;
        }
        pcntl_waitpid($child, $status);
        if ($status !== 0) echo "a child ended with $status\n";
        if (!is_array($zookeeper->exists('/e')) || $zookeeper->exists('/child')) echo "a child has disturbed its parent\n";
    }
    echo file_get_contents($tells);
    unlink($tells);
    $zookeeper->set('/e', '');
    wait_for(function () use (&$told) { return $told; });
});
?>
--EXPECT--
ZookeeperConnectionException 5998: the session belongs to the parent process; call connect() for one of this process
ZookeeperConnectionException 5998: the session belongs to the parent process; call connect() for one of this process
1
child [3,3,"/child"]
true
parent [3,3,"/e"]

--TEST--
exit in a watcher ends the script; shutdown functions and destructors run, and what still waits is delivered there
--EXTENSIONS--
zookeeper
--FILE--
<?php
require __DIR__ . '/servers.inc';
$zookeeper = new Zookeeper(getenv('TRELLIS_ZOOKEEPER'));
$path = $zookeeper->create('/exit-', '', OPEN, Zookeeper::EPHEMERAL | Zookeeper::SEQUENCE);
register_shutdown_function(function () use ($zookeeper, $path) {
    usleep(1);
    echo "shutdown, ", json_encode($zookeeper->get($path)), "\n";
});
class Last { function __destruct() { echo "destructor\n"; } }
$last = new Last;
$zookeeper->get($path, function () use ($zookeeper, $path) {
    $zookeeper->get($path, fn() => print("what still waits\n"));
    $zookeeper->set($path, 'again');
    usleep(20000);
    exit("the end\n");
});
try {
    $zookeeper->set($path, 'x');
    sleep(20);
} finally {
    echo "never\n";
}
?>
--EXPECT--
the end
what still waits
shutdown, "again"
destructor

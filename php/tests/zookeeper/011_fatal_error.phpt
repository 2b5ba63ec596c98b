--TEST--
A fatal error in a watcher ends the script as anywhere else
--EXTENSIONS--
zookeeper
--SKIPIF--
<?php
if (getenv('USE_ZEND_ALLOC') === '0') die('skip what a fatal error jumps past goes with the memory of the request, which is off under valgrind');
?>
--FILE--
<?php
require __DIR__ . '/servers.inc';
$zookeeper = new Zookeeper(getenv('TRELLIS_ZOOKEEPER'));
$path = $zookeeper->create('/fatal-', '', OPEN, Zookeeper::EPHEMERAL | Zookeeper::SEQUENCE);
register_shutdown_function(function () use ($zookeeper, $path) {
    echo "shutdown, ", json_encode($zookeeper->get($path)), "\n";
});
$zookeeper->get($path, function () {
    eval('class Zookeeper {}');
});
$zookeeper->set($path, 'x');
sleep(20);
echo "never\n";
?>
--EXPECTF--
Fatal error: Cannot %Sdeclare class Zookeeper%S in %s on line 1
shutdown, "x"

--TEST--
An exception that nobody catches ends the script, and several are chained
--EXTENSIONS--
zookeeper
--FILE--
<?php
require __DIR__ . '/servers.inc';
$zookeeper = new Zookeeper(getenv('TRELLIS_ZOOKEEPER'));
$path = $zookeeper->create('/uncaught-', '', OPEN, Zookeeper::EPHEMERAL | Zookeeper::SEQUENCE);
$zookeeper->get($path, fn() => throw new LogicException('first'));
$zookeeper->exists($path, fn() => throw new RuntimeException('second'));
try {
    $zookeeper->set($path, 'x');
    for (;;);
} catch (Exception $error) {
    echo get_class($error), ' after ', $error->getPrevious() ? get_class($error->getPrevious()) : 'none', "\n";
}
$zookeeper->get($path, fn() => throw new LogicException('third'));
$zookeeper->set($path, 'x');
sleep(20);
echo "never\n";
?>
--EXPECTF--
RuntimeException after LogicException

Fatal error: Uncaught LogicException: third in %s:%d
Stack trace:
#0 %a
  thrown in %s on line %d

--TEST--
A server that is down is an exception that says which, within the time-out
--EXTENSIONS--
zookeeper
--FILE--
<?php
require __DIR__ . '/servers.inc';
Zookeeper::setDebugLevel(0);
$begin = microtime(true);
$zookeeper = new Zookeeper('127.0.0.1:1', fn() => print("never\n"));
var_dump(microtime(true) - $begin < 0.5);
try_it(fn() => $zookeeper->get('/'));
try_it(fn() => $zookeeper->create('/a', ''));
try_it(fn() => [$zookeeper->getState(), $zookeeper->getClientId(), $zookeeper->getRecvTimeout(), $zookeeper->isRecoverable()]);
// One that takes connections and says nothing.
$silent = stream_socket_server('tcp://127.0.0.1:0');
$address = stream_socket_get_name($silent, false);
$zookeeper = new Zookeeper($address, null, 1000);
try {
    $zookeeper->get('/');
} catch (ZookeeperConnectionException $error) {
    echo $error->getCode(), ' ', str_replace($address, 'ADDRESS', $error->getMessage()), "\n";
}
unset($zookeeper);
var_dump(microtime(true) - $begin < 8);
?>
--EXPECTF--
bool(true)
ZookeeperConnectionException -4: connection loss: there is no connection to 127.0.0.1:1: connection refused
ZookeeperConnectionException -4: connection loss: there is no connection to 127.0.0.1:1: connection refused
[999,[0,""],10000,true]
-4 connection loss: there is no connection to ADDRESS: it does not answer
bool(true)

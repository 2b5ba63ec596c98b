--TEST--
Where the module writes what it has to tell, and how much of it
--EXTENSIONS--
zookeeper
--FILE--
<?php
require __DIR__ . '/servers.inc';
$path = tempnam(sys_get_temp_dir(), 'log');
$stream = fopen($path, 'a');
var_dump(Zookeeper::setDebugLevel(Zookeeper::LOG_LEVEL_ERROR));
$zookeeper = new Zookeeper;
try_it(fn() => $zookeeper->setLogStream($stream));
$zookeeper->connect('127.0.0.1:1', null, 1000);
var_dump($zookeeper->setLogStream($stream));
// It is ours now, whatever becomes of the script's.
fclose($stream);
try_it(fn() => $zookeeper->get('/'));
$zookeeper->close();
echo preg_match('/^\d+\.\d{3} zookeeper\[\d+\] ERROR: no server can be reached: 127.0.0.1:1: connection refused$/', trim(file_get_contents($path))), "\n";
Zookeeper::setDebugLevel(Zookeeper::LOG_LEVEL_DEBUG);
$zookeeper->connect(getenv('TRELLIS_ZOOKEEPER'));
$zookeeper->exists('/');
echo preg_match('/INFO: the session is connected$/', trim(file_get_contents($path))), "\n";
try_it(fn() => $zookeeper->setLogStream(''));
var_dump($zookeeper->setLogStream('/dev/null'));
unlink($path);
?>
--EXPECTF--
bool(true)
true
bool(true)
ZookeeperConnectionException -4: connection loss: there is no connection to 127.0.0.1:1: connection refused
1
1

Warning: Zookeeper::setLogStream(): cannot open "": No such file or directory (os error 2) in %s on line %d
false
bool(true)

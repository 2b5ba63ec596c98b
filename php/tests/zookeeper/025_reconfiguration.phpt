--TEST--
Members of the service are added, removed and set, and a watcher is told
--EXTENSIONS--
zookeeper
--FILE--
<?php
require __DIR__ . '/servers.inc';
// trellis alone has no members to change, and refuses: see 013_config.phpt.
$zookeeper = new Zookeeper(getenv('DEBIAN_ZOOKEEPER'));
$config = $zookeeper->getConfig();
$observer = 'server.2=127.0.0.1:1:2:observer;127.0.0.1:3';
try_it(fn() => $config->add($observer));
$zookeeper->addAuth('digest', 'super:secret');
$before = $config->get(printer('watcher', $told), $stat);
var_dump(count($stat));
$members = fn(string $config) => preg_replace(['/^version=.*/m', '/^server.1=.*/m'], ['version', 'server.1'], $config);
$after = $config->add($observer, -1, $added);
wait_for(function () use (&$told) { return $told; });
echo $members($after), "\n";
var_dump($added['mzxid'] > $stat['mzxid']);
// A participant that isn't there would leave no majority.
try_it(fn() => $config->add('server.3=127.0.0.1:4:5:participant;127.0.0.1:6'));
try_it(fn() => $config->remove('2', 1));
try_it(fn() => $config->remove('nonsense'));
try_it(fn() => $config->set('nonsense'));
preg_match('/version=(\w+)/', $config->get(), $match);
echo $members($config->remove('2', hexdec($match[1]), $removed)), "\n";
var_dump($removed['mzxid'] > $added['mzxid']);
preg_match('/^server.1=.*/m', $before, $match);
echo $members($config->set("$match[0],$observer", -1, $set)), "\n";
var_dump($set['mzxid'] > $removed['mzxid']);
echo $members($config->set($match[0])), "\n";
// The members are no znode below a root.
$root = $zookeeper->create('/reconfiguration-', '', OPEN, Zookeeper::SEQUENCE);
$below = new Zookeeper(getenv('DEBIAN_ZOOKEEPER') . $root);
echo $members($below->getConfig()->get(printer('below', $told))), "\n";
$config->set($match[0]);
wait_for(function () use (&$told) { return $told === 2; });
$zookeeper->delete($root);
?>
--EXPECT--
ZookeeperAuthenticationException -102: not authenticated
int(11)
watcher [3,3,"/zookeeper/config"]
server.1
server.2=127.0.0.1:1:2:observer;127.0.0.1:3
version
bool(true)
ZookeeperException -13: too few servers of the new configuration are connected and up to date
ZookeeperException -103: bad version
ZookeeperMarshallingException -5: marshalling error
ZookeeperException -8: bad arguments
server.1
version
bool(true)
server.1
server.2=127.0.0.1:1:2:observer;127.0.0.1:3
version
bool(true)
server.1
version
server.1
version
below [3,3,"/zookeeper/config"]

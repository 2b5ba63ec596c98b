--TEST--
Wrong arguments are named, and objects without a session say so
--EXTENSIONS--
zookeeper
--FILE--
<?php
require __DIR__ . '/servers.inc';
$zookeeper = new Zookeeper;
try_it(fn() => $zookeeper->get('/'));
try_it(fn() => $zookeeper->getState());
try_it(fn() => $zookeeper->close());
try_it(fn() => $zookeeper->getConfig());
try_it(fn() => (new ZookeeperConfig)->get());
$zookeeper->connect(getenv('TRELLIS_ZOOKEEPER'));
try_it(fn() => $zookeeper->get());
try_it(fn() => $zookeeper->create('/x'));
try_it(fn() => $zookeeper->set('/x'));
try_it(fn() => $zookeeper->get([]));
try_it(fn() => $zookeeper->get("/\xff"));
try_it(fn() => $zookeeper->get('/', 'no function'));
try_it(fn() => $zookeeper->get('/', null, $stat, -1));
try_it(fn() => $zookeeper->get('/', null, $stat, 'x'));
try_it(fn() => $zookeeper->get('/', null, $stat, 0, 1));
try_it(fn() => $zookeeper->create('/x', '', 'acl'));
try_it(fn() => $zookeeper->create('/x', '', [['perms' => 31, 'scheme' => "\xff", 'id' => '']]));
try_it(fn() => $zookeeper->set('/x', '', 1 << 40));
try_it(fn() => $zookeeper->setWatcher(null));
try_it(fn() => $zookeeper->setLogStream(5));
try_it(fn() => $zookeeper->setLogStream(fopen('php://memory', 'w')));
try_it(fn() => Zookeeper::setDebugLevel('x'));
try_it(fn() => clone $zookeeper);
try_it(fn() => serialize($zookeeper));
try_it(fn() => new Zookeeper('host:name'));
try_it(fn() => new Zookeeper('127.0.0.1:1', null, 0));
try_it(fn() => new Zookeeper('127.0.0.1:1', null, -5));
$zookeeper->close();
try_it(fn() => $zookeeper->close());
try_it(fn() => $zookeeper->exists('/'));
$zookeeper->connect(getenv('TRELLIS_ZOOKEEPER'));
try_it(fn() => is_array($zookeeper->exists('/')));
?>
--EXPECTF--
ZookeeperConnectionException 5998: Zookeeper->connect() was not called
ZookeeperConnectionException 5998: Zookeeper->connect() was not called
ZookeeperConnectionException 5998: Zookeeper->connect() was not called
ZookeeperConnectionException 5998: Zookeeper->connect() was not called
ZookeeperConnectionException 5998: Zookeeper->connect() was not called
ArgumentCountError 0: Zookeeper::get() expects at least 1 argument, 0 given
ArgumentCountError 0: Zookeeper::create() expects at least 2 arguments, 1 given
ArgumentCountError 0: Zookeeper::set() expects at least 2 arguments, 1 given
TypeError 0: Zookeeper::get(): Argument #1 ($path) must be of type string, array given
ValueError 0: Zookeeper::get(): Argument #1 ($path) must be valid UTF-8
TypeError 0: Zookeeper::get(): Argument #2 ($watcher_cb) must be a valid callback or null, function "no function" not found or invalid function name
ValueError 0: Zookeeper::get(): Argument #4 ($max_size) must be greater than or equal to 0
TypeError 0: Zookeeper::get(): Argument #4 ($max_size) must be of type int, string given
ArgumentCountError 0: Zookeeper::get() expects at most 4 arguments, 5 given
TypeError 0: Zookeeper::create(): Argument #3 ($acl) must be of type ?array, string given
ValueError 0: Zookeeper::create(): Argument #3 ($acl) must have a string as "scheme"
ValueError 0: Zookeeper::set(): Argument #3 ($version) must be an integer of 32 bits
TypeError 0: Zookeeper::setWatcher(): Argument #1 ($watcher_cb) must be a valid callback, no array or string given
TypeError 0: Zookeeper::setLogStream(): Argument #1 ($stream) must be a stream or the path of a file
TypeError 0: Zookeeper::setLogStream(): Argument #1 ($stream) must be a stream of a file
TypeError 0: Zookeeper::setDebugLevel(): Argument #1 ($level) must be of type int, string given
Error 0: Trying to clone an uncloneable object of class Zookeeper
Exception 0: Serialization of 'Zookeeper' is not allowed
ZookeeperConnectionException -8: "host:name": the port "name" is not a number from 0 to 65535

Warning: Zookeeper::__construct(): recv_timeout parameter has to be greater than 0 in %s004_arguments.php on line %d
ZookeeperException -8: bad arguments

Warning: Zookeeper::__construct(): recv_timeout parameter has to be greater than 0 in %s004_arguments.php on line %d
ZookeeperException -8: bad arguments
ZookeeperConnectionException 5998: Zookeeper->connect() was not called
ZookeeperConnectionException 5998: Zookeeper->connect() was not called
true

--TEST--
Classes as old code has them: overrides without types, constructors that don't call the parent's
--EXTENSIONS--
zookeeper
--FILE--
<?php
require __DIR__ . '/servers.inc';
class Old extends Zookeeper {
    public $name = 'old';
    function get($path, $watcher = null, &$stat = null, $size = 0) { return strtoupper(parent::get($path, $watcher, $stat, $size)); }
    function exists($path, $watcher = null) { return (bool)parent::exists($path, $watcher); }
    function close() { parent::close(); return $this; }
}
class Silent extends Zookeeper {
    function __construct() {}
}
on_each_server(function (string $server) {
    $old = new Old($server);
    $old->create('/a', 'text', OPEN);
    try_it(fn() => [$old->get('/a'), $old->GET('/a', null), $old->exists('/a'), $old->name]);
    $old->get('/a', 'strtolower', $stat, 2);
    var_dump($stat['dataLength']);
    try_it(fn() => $old->close()->name);
    try_it(fn() => (new Silent)->get('/a'));
});
?>
--EXPECT--
["TEXT","TEXT",true,"old"]
int(4)
"old"
ZookeeperConnectionException 5998: Zookeeper->connect() was not called

--TEST--
The members of the service: read, watched, and changed where that is allowed
--EXTENSIONS--
zookeeper
--FILE--
<?php
require __DIR__ . '/servers.inc';
on_each_server(function (string $server) {
    $config = (new Zookeeper($server))->getConfig();
    var_dump($config instanceof ZookeeperConfig);
    var_dump(is_string($config->get(null, $stat)), count($stat));
    var_dump(is_string($config->get(fn() => null)));
    try_it(fn() => $config->add([]));
    foreach (['add' => 'server.2=127.0.0.1:2:3;4', 'remove' => '2', 'set' => 'server.2=127.0.0.1:2:3;4'] as $method => $members) {
        try {
            $config->$method($members);
            echo "$method is allowed\n";
        } catch (ZookeeperException $error) {
            echo "$method is refused\n";
        }
    }
});
?>
--EXPECT--
bool(true)
bool(true)
int(11)
bool(true)
TypeError 0: ZookeeperConfig::add(): Argument #1 ($members) must be of type string, array given
add is refused
remove is refused
set is refused

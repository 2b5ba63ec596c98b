--TEST--
The module, its classes, constants and settings are there
--EXTENSIONS--
zookeeper
--FILE--
<?php
var_dump(extension_loaded('zookeeper'));
foreach (get_declared_classes() as $class) {
    if (str_starts_with($class, 'Zookeeper')) {
        echo $class, ' ', get_parent_class($class) ?: 'of its own', "\n";
    }
}
echo count((new ReflectionClass('Zookeeper'))->getConstants()), " constants\n";
var_dump(Zookeeper::PERM_ALL, Zookeeper::SEQUENCE, Zookeeper::NONODE, Zookeeper::NOTCONNECTED_STATE);
print_r(ini_get_all('zookeeper', false));
foreach (['Zookeeper', 'ZookeeperConfig'] as $class) {
    foreach ((new ReflectionClass($class))->getMethods() as $method) {
        $parameters = array_map(
            fn($parameter) => str_replace(['<required> ', '<optional> '], '', trim(strstr((string)$parameter, '['), '[] ')),
            $method->getParameters()
        );
        echo $method->isStatic() ? 'static ' : '', "$class::", $method->name, '(', implode(', ', $parameters), ")\n";
        if ($method->hasReturnType()) echo "which has a return type\n";
    }
}
ob_start();
phpinfo(INFO_MODULES);
echo implode("\n", preg_grep('/^zookeeper /', explode("\n", ob_get_clean()))), "\n";
?>
--EXPECT--
bool(true)
ZookeeperException Exception
ZookeeperOperationTimeoutException ZookeeperException
ZookeeperConnectionException ZookeeperException
ZookeeperMarshallingException ZookeeperException
ZookeeperAuthenticationException ZookeeperException
ZookeeperSessionException ZookeeperException
ZookeeperNoNodeException ZookeeperException
Zookeeper of its own
ZookeeperConfig of its own
51 constants
int(31)
int(2)
int(-101)
int(999)
Array
(
    [zookeeper.recv_timeout] => 10000
    [zookeeper.sess_lock_wait] => 150000
    [zookeeper.session_lock] => 1
)
Zookeeper::create(string $path, ?string $value, ?array $acl = null, ?int $flags = null)
Zookeeper::delete(string $path, int $version = -1)
Zookeeper::get(string $path, ?callable $watcher_cb = null, mixed &$stat_info = null, int $max_size = 0)
Zookeeper::getChildren(string $path, ?callable $watcher_cb = null)
Zookeeper::exists(string $path, ?callable $watcher_cb = null)
Zookeeper::set(string $path, ?string $value, int $version = -1, mixed &$stat_info = null)
Zookeeper::getAcl(string $path)
Zookeeper::setAcl(string $path, int $version, array $acl)
Zookeeper::addAuth(string $scheme, string $cert, ?callable $completion_cb = null)
Zookeeper::__construct(string $host = "", ?callable $watcher_cb = null, ?int $recv_timeout = null)
Zookeeper::connect(string $host, ?callable $watcher_cb = null, ?int $recv_timeout = null)
Zookeeper::close()
Zookeeper::getState()
Zookeeper::getRecvTimeout()
Zookeeper::getClientId()
Zookeeper::isRecoverable()
Zookeeper::setWatcher(callable $watcher_cb)
Zookeeper::setLogStream(mixed $stream)
Zookeeper::getConfig()
static Zookeeper::setDebugLevel(int $level)
static Zookeeper::setDeterministicConnOrder(bool $trueOrFalse)
static Zookeeper::dispatch()
ZookeeperConfig::get(?callable $watcher_cb = null, mixed &$stat_info = null)
ZookeeperConfig::add(string $members, int $version = -1, mixed &$stat_info = null)
ZookeeperConfig::remove(string $members, int $version = -1, mixed &$stat_info = null)
ZookeeperConfig::set(string $members, int $version = -1, mixed &$stat_info = null)
zookeeper support => enabled

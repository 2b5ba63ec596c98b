--TEST--
Sessions of objects that hold each other end when nobody else holds them; a watch holds what its callback needs
--EXTENSIONS--
zookeeper
--FILE--
<?php
require __DIR__ . '/servers.inc';
class Service {
    private Zookeeper $zookeeper;
    private ZookeeperConfig $config;
    public array $more = [1, 'two'];
    function __construct(string $server) {
        $this->zookeeper = new Zookeeper($server);
        $this->zookeeper->setWatcher([$this, 'on']);
        $this->zookeeper->exists('/');
        $this->config = $this->zookeeper->getConfig();
    }
    function on() {}
    function __get($name) { return $this->zookeeper; }
}
class Member extends Zookeeper {
    public $config;
    public $self;
    function __construct(string $server) {
        parent::__construct($server);
        $this->exists('/');
        $this->config = $this->getConfig();
    }
}
/** How many are open. */
function descriptors(): int {
    return count(scandir('/proc/self/fd'));
}
function collected(string $name, callable $make): void {
    $before = descriptors();
    for ($i = 0; $i < 5; $i++) $make($i);
    $made = descriptors() - $before;
    gc_collect_cycles();
    // A session's thread ends a moment after the session.
    wait_for(fn() => descriptors() - $before < 3);
    echo $name, ': ', $made >= 10 ? "collected\n" : "only $made descriptors\n";
}
on_each_server(function (string $server) {
    collected('a watcher of the states', fn() => new Service($server));
    collected('a configuration', fn() => new Member($server));
    collected('a property', function () use ($server) {
        $member = new Member($server);
        $member->self = [$member];
        unset($member->config);
    });
    collected('a closure', function () use ($server) {
        $zookeeper = new Zookeeper($server);
        $zookeeper->exists('/');
        $zookeeper->setWatcher(fn() => $zookeeper);
    });
    collected('a watch of a session that was closed', function () use ($server) {
        $zookeeper = new Zookeeper($server);
        $zookeeper->exists('/', fn() => $zookeeper);
        $other = new Zookeeper($server);
        $other->exists('/');
        $other->setWatcher(fn() => [$zookeeper, $other]);
        $zookeeper->close();
    });

    echo "held by a watch alone:\n";
    $told = 0;
    (function () use ($server, &$told) {
        $service = new Service($server);
        $watcher = function ($type, $state, $path) use ($service, &$told, &$watcher) {
            echo $service->zookeeper->get($path, $told ? null : $watcher), ' ', implode($service->more), "\n";
            $told++;
        };
        $service->zookeeper->exists('/watched', $watcher);
    })();
    for ($i = 0; $i < 3; $i++) gc_collect_cycles();
    $before = descriptors();
    $zookeeper = new Zookeeper($server);
    $zookeeper->create('/watched', 'first', OPEN);
    wait_for(function () use (&$told) { return $told === 1; });
    for ($i = 0; $i < 3; $i++) gc_collect_cycles();
    $zookeeper->set('/watched', 'second');
    wait_for(function () use (&$told) { return $told === 2; });
    $zookeeper->close();
    gc_collect_cycles();
    wait_for(fn() => descriptors() < $before);
});
?>
--EXPECT--
a watcher of the states: collected
a configuration: collected
a property: collected
a closure: collected
a watch of a session that was closed: collected
held by a watch alone:
first 1two
second 1two

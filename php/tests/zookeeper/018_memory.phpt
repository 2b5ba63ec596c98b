--TEST--
Memory stays flat over many calls, events, exceptions and sessions
--EXTENSIONS--
zookeeper
--SKIPIF--
<?php
if (getenv('USE_ZEND_ALLOC') === '0') die('skip it would take minutes under valgrind');
?>
--FILE--
<?php
require __DIR__ . '/servers.inc';
$zookeeper = new Zookeeper(getenv('TRELLIS_ZOOKEEPER'));
$path = $zookeeper->create('/memory-', str_repeat('x', 1000), OPEN, Zookeeper::EPHEMERAL | Zookeeper::SEQUENCE);
$told = 0;
function resident(): int {
    preg_match('/VmRSS:\s+(\d+)/', file_get_contents('/proc/self/status'), $match);
    return (int)$match[1];
}
$round = function (int $times) use ($zookeeper, $path, &$told) {
    for ($i = 0; $i < $times; $i++) {
        $zookeeper->get($path, function () use (&$told) { $told++; }, $stat);
        $zookeeper->exists($path);
        $zookeeper->set($path, str_repeat('y', 1000), -1, $stat);
        $zookeeper->getChildren('/');
        try {
            $zookeeper->get('/none', fn() => null);
        } catch (ZookeeperException) {
        }
        if ($i % 100 === 0) {
            $other = new Zookeeper(getenv('TRELLIS_ZOOKEEPER'), fn() => null);
            $other->exists('/', fn() => null);
        }
    }
};
$round(2000);
$before = [memory_get_usage(), resident()];
$round(10000);
var_dump(memory_get_usage() - $before[0] < 10000, resident() - $before[1] < 2000);
wait_for(function () use (&$told) { return $told === 12000; });
?>
--EXPECT--
bool(true)
bool(true)

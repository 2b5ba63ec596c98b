--TEST--
Under opcache with JIT, watchers are called in loops that call nothing, in functions, and in generators
--EXTENSIONS--
opcache
zookeeper
--INI--
opcache.enable=1
opcache.enable_cli=1
opcache.jit=tracing
opcache.jit_buffer_size=16M
--FILE--
<?php
require __DIR__ . '/servers.inc';
$status = opcache_get_status(false);
var_dump($status['opcache_enabled'], $status['jit']['on']);
function numbers(): Generator {
    for ($i = 0;; $i++) yield $i;
}
function sum(int $n): int {
    return $n < 2 ? $n : sum($n - 1) + sum($n - 2);
}
on_each_server(function (string $server) {
    $here = new Zookeeper($server);
    $there = new Zookeeper($server);
    $here->create('/a', '', OPEN);
    $told = 0;
    $watcher = function ($type, $state, $path) use ($here, &$watcher, &$told) {
        $here->get($path, $watcher);
        $told++;
    };
    $here->get('/a', $watcher);
    $set = fn() => $there->set('/a', '');
    // A loop with nothing in it that is compiled long before the event comes.
    for ($round = 0; $round < 20; $round++) {
        $set();
        for ($i = 0; $told === $round; $i++);
    }
    $set();
    while ($told === 20) sum(15);
    $set();
    foreach (numbers() as $number) {
        if ($told === 22) break;
    }
    // An exception leaves compiled code, too.
    $there->create('/b', '', OPEN);
    $here->get('/b', fn() => throw new LogicException('from a watcher'));
    try {
        $there->set('/b', '');
        for ($i = 0;; $i++);
    } catch (LogicException $error) {
        echo $error->getMessage(), "\n";
    }
    echo "$told\n";
    $here->close();
    $watcher = null;
});
?>
--EXPECT--
bool(true)
bool(true)
from a watcher
22

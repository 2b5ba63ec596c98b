--TEST--
Watchers are called without ticks, once, in order, not within each other, and what they throw arrives
--EXTENSIONS--
zookeeper
--FILE--
<?php
require __DIR__ . '/servers.inc';
on_each_server(function (string $server) {
    $count = 0;
    $here = new Zookeeper($server);
    $there = new Zookeeper($server);
    $expect = function (int $more) use (&$count, &$seen) {
        $seen += $more;
        wait_for(function () use (&$count, &$seen) { return $count >= $seen; });
    };
    $seen = 0;
    $here->exists('/a', printer('exists', $count));
    $there->create('/a', '', OPEN);
    $expect(1);
    $here->get('/a', printer('get', $count));
    $here->getChildren('/a', printer('children', $count));
    $there->create('/a/b', '', OPEN);
    $expect(1);
    $there->set('/a', '1');
    $expect(1);
    $there->set('/a', '2');
    // One callback, set twice, is called twice.
    $both = printer('both', $count);
    $here->get('/a/b', $both);
    $here->exists('/a/b', $both);
    $there->delete('/a/b');
    $expect(2);
    // No node, no watch.
    try_it(fn() => $here->get('/none', printer('none', $count)));
    // Watchers that set themselves again, and call the object meanwhile.
    $again = function ($type, $state, $path) use ($here, &$again, &$count) {
        echo "again {$here->get($path, $again)}\n";
        $count++;
    };
    $here->get('/a', $again);
    foreach (['3', '4', '5'] as $value) {
        $there->set('/a', $value);
        $expect(1);
    }
    // It has itself, and PHP leaves what has itself behind at its end, which valgrind would take for a leak.
    $again = null;
    // Not within each other.
    $depth = 0;
    $nested = function ($type, $state, $path) use (&$depth, &$count, $there) {
        $depth++;
        if ($path === '/one') {
            $there->set('/two', '');
            for ($i = 0; $i < 1000; $i++) Zookeeper::dispatch();
            usleep(20000);
        }
        echo "$path at depth $depth\n";
        $depth--;
        $count++;
    };
    foreach (['/one', '/two'] as $path) {
        $there->create($path, '');
        $here->get($path, $nested);
    }
    $there->set('/one', '');
    $expect(2);
    // An exception arrives when all that has come has been delivered.
    $throw = function ($type, $state, $path) { throw new LogicException("from $path"); };
    $here->get('/one', $throw);
    $here->get('/two', printer('after', $count));
    $there->create('/three', '');
    $here->get('/three', function () use ($there) {
        $there->set('/one', '');
        $there->set('/two', '');
        usleep(50000);
    });
    try {
        $there->set('/three', '');
        for (;;);
    } catch (LogicException $error) {
        echo $error->getMessage(), "\n";
    }
    $expect(1);
    $here->get('/one', $throw);
    try {
        $there->set('/one', '');
        sleep(20);
    } catch (LogicException $error) {
        echo $error->getMessage(), " in a sleep\n";
    }
    // In sorting.
    $here->get('/one', printer('usort', $count));
    $there->set('/one', '');
    $numbers = range(1, 10);
    wait_for(function () use (&$numbers, &$count, &$seen) {
        usort($numbers, fn($a, $b) => $b <=> $a);
        return $count > $seen;
    });
    $seen++;
    // Closing an object forgets its callbacks.
    $here->get('/one', printer('never', $count));
    $here->close();
    $there->set('/one', '');
    zookeeper_dispatch();
});
?>
--EXPECT--
exists [1,3,"/a"]
children [4,3,"/a"]
get [3,3,"/a"]
both [2,3,"/a/b"]
both [2,3,"/a/b"]
ZookeeperNoNodeException -101: no node
again 3
again 4
again 5
/one at depth 1
/two at depth 1
after [3,3,"/two"]
from /one
from /one in a sleep
usort [3,3,"/one"]

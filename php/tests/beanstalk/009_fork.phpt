--TEST--
A child never disturbs its parent's connection, and both can use theirs
--EXTENSIONS--
beanstalk
pcntl
--FILE--
<?php
require __DIR__ . '/common.inc';
with_each_server(function (string $host, int $port) {
    $tube = tube();
    $b = classic($host, $port);
    $b->watch($tube);
    $b->ignore('default');
    Beanstalk::init()->addServer($host, $port);
    $id = $b->put($tube, 'mine', 5);
    $job = $b->reserve($tube, 1);
    echo "--- a child that only ends\n";
    ended(child(fn() => 0));
    show(fn() => $b->touch($id));
    echo "--- a child that uses the connection's tubes, and has none of its jobs\n";
    $child = child(function () use ($b, $tube, $id) {
        $ok = $b->list_tube_used() === $tube && $b->list_tubes_watched() === [$tube] && !$b->touch($id) && $b->reserve($tube, 0) === false;
        $b->put($tube, 'from the child', 9);
        return $ok ? 0 : 1;
    });
    show(fn() => ended($child));
    show(fn() => $b->touch($id));
    show(fn() => $b->reserve($tube, 1)['data']);
    echo "--- many children and the parent at once\n";
    $pool = pool($host, $port, $many = tube('many'));
    $pool->put('before');
    for ($child = 0; $child < 4; $child++) {
        $children[] = child(function () use ($pool, $child) {
            for ($i = 0; $i < 25; $i++) $pool->put("$child-$i");
        });
    }
    $bodies = [];
    while (count($bodies) < 101) {
        $job = $pool->reserve(10);
        $bodies[] = $job->getBody();
        $job->delete();
    }
    show(fn() => array_map('ended', $children));
    show(fn() => count(array_unique($bodies)));
    show(fn() => $b->delete($id));
    show(fn() => $b->stats_tube($tube)['current-jobs-reserved']);
});
?>
--EXPECT--
--- a child that only ends
true
--- a child that uses the connection's tubes, and has none of its jobs
0
true
"from the child"
--- many children and the parent at once
[0,0,0,0]
101
true
1

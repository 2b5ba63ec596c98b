--TEST--
Every method of the C extension's style
--EXTENSIONS--
beanstalk
--FILE--
<?php
require __DIR__ . '/common.inc';
with_each_server(function (string $host, int $port) {
    $b = new Beanstalk();
    $tube = tube();
    show(fn() => $b->addserver($host, $port));
    show(fn() => $b->addserver($host, $port));
    show(fn() => count($b->stats()));
    show(fn() => in_array('default', $b->list_tubes(), true) && key($b->list_tubes()) === 'srv0_0');
    show(fn() => $b->use($tube));
    show(fn() => $b->list_tube_used() === $tube);
    show(fn() => $b->watch($tube));
    show(fn() => $b->list_tubes_watched() === ['default', $tube]);
    show(fn() => $b->ignore('default'));
    show(fn() => $b->ignore($tube));
    echo "--- a job\n";
    $id = $b->put($tube, 'value', 7, 0, 60);
    show(fn() => is_int($id) && $id > 0);
    show(fn() => $b->peek_ready($tube) === ['id' => $id, 'data' => 'value']);
    show(fn() => $b->peek($id) === ['id' => $id, 'data' => 'value']);
    show(fn() => $b->reserve($tube) === ['id' => $id, 'data' => 'value']);
    show(fn() => $b->touch($id, $tube));
    show(fn() => array_intersect_key($b->stats_job($id), ['state' => 0, 'pri' => 0, 'ttr' => 0, 'reserves' => 0]));
    show(fn() => $b->stats_job($id)['id'] === $id && $b->stats_job($id)['tube'] === $tube);
    show(fn() => $b->release($id, $tube));
    show(fn() => $b->stats_job($id, $tube)['pri']);
    show(fn() => $b->reserve_job($id, $tube) === ['id' => $id, 'data' => 'value']);
    show(fn() => $b->release($id, $tube, 9, 100));
    show(fn() => $b->peek_delayed($tube)['id'] === $id);
    show(fn() => $b->kick_job($id, $tube));
    show(fn() => $b->reserve($tube, 0)['id'] === $id);
    show(fn() => $b->bury($id, $tube));
    show(fn() => $b->peek_buried($tube)['id'] === $id);
    show(fn() => array_intersect_key($b->stats_job($id), ['state' => 0, 'pri' => 0, 'kicks' => 0, 'buries' => 0, 'releases' => 0]));
    show(fn() => $b->kick(100, $tube));
    show(fn() => array_intersect_key($b->stats_tube($tube), ['current-jobs-ready' => 0, 'current-using' => 0]));
    show(fn() => $b->pause_tube($tube, 100));
    show(fn() => $b->stats_tube($tube)['pause']);
    show(fn() => $b->reserve($tube, 0));
    show(fn() => $b->pause_tube($tube, 0));
    show(fn() => $b->delete($id, $tube));
    echo "--- what is not there\n";
    show(fn() => $b->delete($id));
    show(fn() => $b->touch($id));
    show(fn() => $b->bury($id));
    show(fn() => $b->bury($id, $tube, 5));
    show(fn() => $b->release($id));
    show(fn() => $b->release($id, $tube, 5));
    show(fn() => $b->kick_job($id));
    show(fn() => $b->kick(5));
    show(fn() => $b->peek($id));
    show(fn() => $b->peek_ready());
    show(fn() => $b->peek_delayed());
    show(fn() => $b->peek_buried());
    show(fn() => $b->reserve_job($id));
    show(fn() => $b->stats_job($id));
    show(fn() => $b->stats_tube(tube('none')));
    show(fn() => $b->pause_tube(tube('none'), 1));
    show(fn() => $b->reserve($tube, 0));
    show(fn() => $b->reserve(null, 0));
    echo "--- closed, and open again\n";
    show(fn() => $b->close());
    show(fn() => $b->list_tube_used() === $tube);
    show(fn() => $b->list_tubes_watched() === [$tube]);
    $s = $b->stats()["$host:$port"];
    show(fn() => is_int($s['pid']) && is_float($s['rusage-utime']) && is_string($s['id']) && is_string($s['version']));
});
?>
--EXPECT--
true
true
1
true
true
true
true
true
true
false
--- a job
true
true
true
true
true
{"state":"reserved","pri":7,"ttr":60,"reserves":1}
true
true
7
true
true
true
true
true
true
true
{"state":"buried","pri":9,"releases":2,"buries":1,"kicks":1}
1
{"current-jobs-ready":1,"current-using":1}
true
100
false
true
true
--- what is not there
false
false
false
false
false
false
false
0
false
false
false
false
false
false
false
false
false
false
--- closed, and open again
true
true
true
true

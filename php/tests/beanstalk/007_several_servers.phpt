--TEST--
Several servers: tubes have theirs, puts take turns, and jobs of all are waited for at once
--EXTENSIONS--
beanstalk
pcntl
--FILE--
<?php
require __DIR__ . '/common.inc';
[[$host, $port], [$host2, $port2]] = servers();
echo "--- a tube's name chooses the server\n";
$both = classic($host, $port);
$both->addserver($host2, $port2);
$alone = [classic($host, $port), classic($host2, $port2)];
$places = [];
for ($i = 0; $i < 20; $i++) {
    $tube = tube("key$i");
    $id = $both->put($tube, "value$i");
    $found = array_keys(array_filter($alone, fn($one) => $one->stats_tube($tube) !== false));
    $places[] = $found[0];
    $both->watch($tube);
    $job = $both->reserve($tube, 1);
    if (count($found) !== 1 || $job !== ['id' => $id, 'data' => "value$i"] || !$both->delete($id, $tube) || !$both->ignore($tube)) {
        echo "wrong with $tube\n";
    }
}
var_dump(count(array_unique($places)));
$again = new Beanstalk();
$again->addserver($host2, $port2);
$again->addserver($host, $port);
$tube = tube('again');
$both->put($tube, 'found by both');
var_dump($again->stats_tube($tube)['current-jobs-ready']);
$keys = array_map(fn($key) => substr($key, 0, 5), array_keys($both->list_tubes()));
var_dump(array_values(array_unique($keys)), count($both->stats()));

echo "--- servers take turns\n";
$tube = tube('turns');
$pool = pool($host, $port, $tube)->addServer($host2, $port2);
for ($i = 0; $i < 10; $i++) $pool->put("$i");
$counts = array_map(fn($stats) => $stats['current-jobs-ready'], $pool->statsTube($tube));
var_dump(array_values($counts), in_array($tube, $pool->listTubes(), true), count($pool->stats()));
// Jobs are held of both servers, and still the next is found, and each can be finished at once.
$jobs = [];
while (count($jobs) < 10) $jobs[] = $pool->reserve(1);
between(0, seconds(fn() => array_map(fn($job) => $job->delete(), $jobs)), 1);
$bodies = array_map(fn($job) => $job->getBody(), $jobs);
sort($bodies);
echo implode(' ', $bodies), "\n";

echo "--- a job that comes while the pool waits, at either server\n";
foreach ($alone as $one) {
    $child = child(function () use ($one, $alone, $tube) {
        until_waiting($one, $tube);
        $one->put($tube, 'from ' . array_search($one, $alone, true));
    });
    $job = $pool->reserve(10);
    var_dump($job->getBody(), $job->delete(), ended($child));
}
echo "--- while a job is held, and the next comes\n";
$pool->put('held');
$held = $pool->reserve(1);
between(0.3, seconds(fn() => show(fn() => $pool->reserve(0.3))), 1);
$child = child(function () use ($tube) {
    foreach (servers() as [$host, $port]) pool($host, $port, $tube)->put('next');
});
$next = [$pool->reserve(5), $pool->reserve(5)];
var_dump($next[0]->getServer() !== $next[1]->getServer(), $held->delete(), $next[0]->delete(), $next[1]->delete(), ended($child));

echo "--- a server that is down is passed over\n";
$listener = stream_socket_server('tcp://127.0.0.1:0');
$nobody = (int) substr(strrchr(stream_socket_get_name($listener, false), ':'), 1);
fclose($listener);
$tube = tube('down');
$pool = (new BeanstalkPool)->addServer('127.0.0.1', $nobody)->addServer($host, $port)->useTube($tube)->watchTube($tube);
for ($i = 0; $i < 4; $i++) $pool->put("$i");
for ($i = 0; $i < 4; $i++) echo $pool->reserve(1)->getBody(), ' ';
show(fn() => $pool->reserve(0));
show(fn() => count($pool->stats()) . count($pool->getServers()));
?>
--EXPECT--
--- a tube's name chooses the server
int(2)
int(1)
array(2) {
  [0]=>
  string(5) "srv0_"
  [1]=>
  string(5) "srv1_"
}
int(2)
--- servers take turns
array(2) {
  [0]=>
  int(5)
  [1]=>
  int(5)
}
bool(true)
int(2)
in time
0 1 2 3 4 5 6 7 8 9
--- a job that comes while the pool waits, at either server
string(6) "from 0"
bool(true)
int(0)
string(6) "from 1"
bool(true)
int(0)
--- while a job is held, and the next comes
BeanstalkTimedOutException 5055: no job came in time (TIMED_OUT)
in time
bool(true)
bool(true)
bool(true)
bool(true)
int(0)
--- a server that is down is passed over
0 1 2 3 BeanstalkTimedOutException 5055: no job came in time (TIMED_OUT)
"12"

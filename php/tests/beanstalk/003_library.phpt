--TEST--
Every method of the library's style
--EXTENSIONS--
beanstalk
--FILE--
<?php
require __DIR__ . '/common.inc';
with_each_server(function (string $host, int $port) {
    $tube = tube();
    $pool = new BeanstalkPool();
    show(fn() => $pool->getServers());
    show(fn() => $pool->addServer($host, $port) === $pool);
    show(fn() => $pool->addServer($host, $port)->getServers());
    show(fn() => $pool->useTube($tube) === $pool && $pool->use($tube) === $pool);
    show(fn() => $pool->watchTube($tube) === $pool && $pool->watch($tube) === $pool);
    show(fn() => $pool->ignoreTube('default') === $pool && $pool->ignore('default') === $pool);
    show(fn() => $pool->ignoreTube($tube));
    show(fn() => $pool->connect() === $pool);
    show(fn() => $pool->ignoreTube($tube));
    show(fn() => count($pool->stats()) === 1 && $pool->stats()["$host:$port"]['current-connections'] > 0);
    show(fn() => in_array($tube, $pool->listTubes(), true));
    echo "--- a job\n";
    $id = $pool->put('Hello World!', 1023, 0, 50);
    show(fn() => is_int($id));
    $job = $pool->reserve(10);
    show(fn() => [get_class($job), $job->getId() === $id, $job->getMessage(), $job->getBody(), $job->getServer()]);
    show(fn() => array_intersect_key($job->stats(), ['state' => 0, 'pri' => 0, 'delay' => 0, 'ttr' => 0]));
    show(fn() => $job->touch());
    show(fn() => $job->release());
    show(fn() => $job->stats()['pri']);
    show(fn() => $pool->peekReady()->getId() === $id);
    show(fn() => $pool->reserve()->release(5, 100));
    show(fn() => array_intersect_key($pool->peekDelayed()->stats(), ['state' => 0, 'pri' => 0, 'delay' => 0]));
    show(fn() => $pool->kick(10));
    show(fn() => $pool->reserve(0)->bury());
    show(fn() => $pool->peekBuried()->stats()['pri']);
    show(fn() => $pool->peekBuried()->kick());
    show(fn() => $pool->reserve(0)->bury(77));
    show(fn() => $pool->peekBuried()->stats()['pri']);
    show(fn() => $pool->statsTube($tube)["$host:$port"]['current-jobs-buried']);
    show(fn() => $pool->pauseTube($tube, 0));
    show(fn() => $job->delete());
    show(fn() => $pool->put('default values') > 0);
    show(fn() => array_intersect_key($pool->peekReady()->stats(), ['pri' => 0, 'delay' => 0, 'ttr' => 0]));
    show(fn() => $pool->reserve(0)->delete());
    echo "--- what is not there\n";
    foreach (['delete', 'touch', 'release', 'bury', 'kick', 'stats'] as $method) {
        show(fn() => $job->$method());
    }
    show(fn() => $pool->reserve(0));
    show(fn() => $pool->peekReady());
    show(fn() => $pool->statsTube(tube('none')));
    show(fn() => $pool->pauseTube(tube('none'), 1));
    show(fn() => $pool->kick(1));
    echo "--- the singleton\n";
    show(fn() => get_class(Beanstalk::init()) . (Beanstalk::init() === Beanstalk::init() ? ' is one' : ' is many'));
    show(fn() => Beanstalk::init() === $pool);
    show(fn() => $pool->close());
    show(fn() => $pool->put('again') > 0 && $pool->reserve(0)->delete());
    show(fn() => (new BeanstalkPool)->put('nowhere'));
    show(fn() => (new BeanstalkPool)->reserve(0));
    show(fn() => (new BeanstalkPool)->useTube('a'));
    show(fn() => (new Beanstalk)->reserve());
    show(fn() => (new Beanstalk)->put('a', 'b'));
    show(fn() => new BeanstalkJob);
    show(fn() => (new ReflectionClass('BeanstalkJob'))->newInstanceWithoutConstructor()->getId());
});
?>
--EXPECT--
[]
true
["HOST:PORT"]
true
true
true
BeanstalkException 5057: the last watched tube cannot be ignored: watch another one first (NOT_IGNORED)
true
BeanstalkException 5057: the last watched tube cannot be ignored: watch another one first (NOT_IGNORED)
true
true
--- a job
true
["BeanstalkJob",true,"Hello World!","Hello World!","HOST:PORT"]
{"state":"reserved","pri":1023,"delay":0,"ttr":50}
true
true
1023
true
true
{"state":"delayed","pri":5,"delay":100}
1
true
5
true
true
77
1
true
true
true
{"pri":65536,"delay":0,"ttr":120}
true
--- what is not there
BeanstalkNotFoundException 5051: the server knows no such job or tube, or the job is in no state for this (NOT_FOUND)
BeanstalkNotFoundException 5051: the server knows no such job or tube, or the job is in no state for this (NOT_FOUND)
BeanstalkNotFoundException 5051: the server knows no such job or tube, or the job is in no state for this (NOT_FOUND)
BeanstalkNotFoundException 5051: the server knows no such job or tube, or the job is in no state for this (NOT_FOUND)
BeanstalkNotFoundException 5051: the server knows no such job or tube, or the job is in no state for this (NOT_FOUND)
BeanstalkNotFoundException 5051: the server knows no such job or tube, or the job is in no state for this (NOT_FOUND)
BeanstalkTimedOutException 5055: no job came in time (TIMED_OUT)
BeanstalkNotFoundException 5051: the server knows no such job or tube, or the job is in no state for this (NOT_FOUND)
BeanstalkNotFoundException 5051: the server knows no such job or tube, or the job is in no state for this (NOT_FOUND)
BeanstalkNotFoundException 5051: the server knows no such job or tube, or the job is in no state for this (NOT_FOUND)
0
--- the singleton
"BeanstalkPool is one"
false
null
true
BeanstalkException 6001: there is no server: add one with addServer() first
BeanstalkException 6001: there is no server: add one with addServer() first
BeanstalkException 6001: there is no server: add one with addServer() first
BeanstalkException 6001: there is no server: add one with addServer() first
BeanstalkException 6001: there is no server: add one with addServer() first
Error: Call to private BeanstalkJob::__construct() from global scope
Error: the job comes from no server

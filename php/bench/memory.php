<?php
/**
 * How much memory a million calls leave behind in one process, for each of the modules that talk to servers: what PHP's own
 * allocator holds, and the resident memory, which also counts what Rust has allocated.
 *
 *     php -d extension=/…/zookeeper.so -d extension=/…/beanstalk.so -d extension=/…/trellis.so memory.php ZOOKEEPER BEANSTALKD [CALLS]
 *
 * The servers are given as HOST:PORT. What differs from round to round settles within the first tenth, which isn't counted.
 */
[, $zookeeper, $beanstalkd, $calls] = $argv + [1 => '', 2 => '', 3 => 1_000_000];
if ($beanstalkd === '') {
    exit("usage: php memory.php ZOOKEEPER BEANSTALKD [CALLS]\n");
}
foreach (['Zookeeper' => zookeeper($zookeeper), 'Beanstalk' => beanstalk($beanstalkd), 'recipes' => recipes($zookeeper)] as $name => [$per_round, $round]) {
    $rounds = intdiv((int) $calls, $per_round);
    repeat(intdiv($rounds, 10), $round);
    $before = [memory_get_usage(), resident()];
    repeat($rounds, $round);
    $format = "%-9s  %d calls: PHP's memory %+d bytes, resident %+d KiB of %d\n";
    printf($format, $name, $rounds * $per_round, memory_get_usage() - $before[0], resident() - $before[1], $before[1]);
}

/** A round of calls and how many it makes: reads, writes, watchers that are called, and errors. */
function zookeeper(string $server): array
{
    $client = new Zookeeper($server);
    $path = $client->create('/memory-', 'x', null, Zookeeper::EPHEMERAL | Zookeeper::SEQUENCE);
    $body = str_repeat('y', 200);
    return [5, function () use ($client, $path, $body) {
        $client->get($path, fn() => null, $stat);
        $client->exists($path);
        $client->set($path, $body, -1, $stat);
        $client->getChildren($path);
        try {
            $client->get("$path/none");
        } catch (ZookeeperNoNodeException) {
        }
    }];
}

/** The same for both styles of tubes. */
function beanstalk(string $server): array
{
    [$host, $port] = explode(':', $server);
    $tube = 'memory-' . getmypid();
    $classic = new Beanstalk();
    $classic->addserver($host, (int) $port);
    $classic->watch($tube);
    $pool = (new BeanstalkPool)->addServer($host, (int) $port)->useTube("$tube-pool")->watchTube("$tube-pool");
    $body = str_repeat('x', 200);
    return [10, function () use ($classic, $pool, $tube, $body) {
        $classic->put($tube, $body);
        $job = $classic->reserve($tube, 1);
        $classic->stats_job($job['id']);
        $classic->delete($job['id']);
        $classic->delete($job['id']);
        $pool->put([$body]);
        $job = $pool->reserve(1);
        $job->getMessage();
        $job->delete();
        try {
            $job->touch();
        } catch (BeanstalkNotFoundException) {
        }
    }];
}

/** The same for the recipes, each of which asks a server several times for a call. */
function recipes(string $server): array
{
    $path = '/memory-recipes-' . getmypid();
    $lock = new Trellis\Lock($server, "$path/lock");
    $queue = new Trellis\Queue($server, "$path/queue");
    return [5, function () use ($lock, $queue) {
        $lock->acquire(1.0);
        $lock->isHeld();
        $lock->release();
        $queue->put('entry');
        $queue->take(1.0);
    }];
}

function repeat(int $rounds, callable $round): void
{
    for ($i = 0; $i < $rounds; $i++) {
        $round();
    }
}

/** Resident memory in KiB. */
function resident(): int
{
    return (int) explode(' ', file_get_contents('/proc/self/statm'))[1] * 4;
}

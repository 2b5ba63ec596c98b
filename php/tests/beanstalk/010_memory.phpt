--TEST--
Many calls leave no memory behind
--EXTENSIONS--
beanstalk
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) die('skip it takes a second, and minutes under valgrind'); ?>
--FILE--
<?php
require __DIR__ . '/common.inc';
/** Resident memory in KiB, which also counts what Rust has allocated. */
function resident(): int {
    return (int) explode(' ', file_get_contents('/proc/self/statm'))[1] * 4;
}
[$host, $port] = servers()[0];
$tube = tube();
$b = classic($host, $port);
$b->watch($tube);
$pool = pool($host, $port, $other = tube('other'));
$body = str_repeat('x', 500);
$round = function () use ($b, $pool, $tube, $body, $host, $port) {
    $b->put($tube, $body);
    $job = $b->reserve($tube, 1);
    $b->stats_job($job['id']);
    $b->delete($job['id']);
    $b->delete($job['id']);
    $pool->put([$body]);
    $job = $pool->reserve(1);
    $job->getMessage();
    $job->delete();
    try { $job->touch(); } catch (BeanstalkException) {}
    try { $b->use('a b'); } catch (ValueError) {}
    (new BeanstalkPool)->addServer($host, $port);
};
for ($i = 0; $i < 500; $i++) $round();
unset($job);
$before = [memory_get_usage(), resident()];
for ($i = 0; $i < 4_000; $i++) $round();
$grown = memory_get_usage() - $before[0];
echo $grown < 1_000 ? 'PHP: flat' : "PHP: $grown bytes more", "\n";
$grown = resident() - $before[1];
echo $grown < 512 ? 'process: flat' : "process: $grown KiB more", "\n";
?>
--EXPECT--
PHP: flat
process: flat

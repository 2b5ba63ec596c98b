--TEST--
The scripts that the module is for run as they are, with trellis and with beanstalkd
--EXTENSIONS--
beanstalk
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) die('skip the consumer waits for 10 seconds'); ?>
--FILE--
<?php
$folder = __DIR__ . '/scripts';
$php = PHP_BINARY . ' -n ' . getenv('TEST_PHP_EXTRA_ARGS') . ' -d include_path=' . dirname(__DIR__, 2) . '/include';
// The third script lacks its first line.
$consumer = tempnam(sys_get_temp_dir(), 'consumer');
file_put_contents($consumer, "<?php\n" . file_get_contents("$folder/15_consumer.php"));
$programs = ['trellis' => getenv('TRELLIS_PROGRAM'), 'beanstalkd' => getenv('BEANSTALKD_PROGRAM')];
foreach ($programs as $kind => $program) {
    $arguments = array_map('escapeshellarg', [$kind, $program, $php, $consumer]);
    $command = 'exec unshare --user --map-root-user --net --pid --fork --kill-child ' . PHP_BINARY . " -n $folder/inside.php " . implode(' ', $arguments);
    $runs[] = proc_open($command, [['file', '/dev/null', 'r'], ['pipe', 'w'], ['redirect', 1]], $outputs[$kind]);
}
// Both at once: each has a network of its own.
$outputs = array_map(fn($pipes) => stream_get_contents($pipes[1]), $outputs);
unlink($consumer);
foreach ($outputs as $kind => $output) {
    // The delayed job may be ready before the others are taken.
    preg_match_all('/^object.*?^}$/ms', $output, $jobs);
    $jobs = preg_replace('/#\d+/', '#N', $jobs[0]);
    sort($jobs);
    $output = preg_replace(['/^object.*^}$/ms', '~/\S+/consumer\w+~'], [implode("\n", $jobs), 'consumer.php'], $output);
    $outputs[$kind] = $output;
}
echo $outputs['trellis'] === $outputs['beanstalkd'] ? $outputs['trellis'] : print_r($outputs, true);
?>
--EXPECT--
--- 13_beanstalk_c.php
Array
(
    [srv0_0] => default
    [srv1_0] => default
)
key0	value0
Array
(
    [id] => 1
    [data] => value0
)
bury ok
delete ok

key1	value1
Array
(
    [id] => 2
    [data] => value1
)
bury ok
delete ok

key2	value2
Array
(
    [id] => 3
    [data] => value2
)
bury ok
delete ok

key3	value3
Array
(
    [id] => 4
    [data] => value3
)
bury ok
delete ok

key4	value4
Array
(
    [id] => 5
    [data] => value4
)
bury ok
delete ok

key5	value5
Array
(
    [id] => 1
    [data] => value5
)
bury ok
delete ok

key6	value6
Array
(
    [id] => 6
    [data] => value6
)
bury ok
delete ok

key7	value7
Array
(
    [id] => 7
    [data] => value7
)
bury ok
delete ok

key8	value8
Array
(
    [id] => 8
    [data] => value8
)
bury ok
delete ok

key9	value9
Array
(
    [id] => 2
    [data] => value9
)
bury ok
delete ok

done
--- 14_producer.php
--- 15_consumer.php

Warning: "continue" targeting switch is equivalent to "break". Did you mean to use "continue 2"? in consumer.php on line 27
object(BeanstalkJob)#N (2) {
  ["id"]=>
  int(3)
  ["message"]=>
  string(12) "Hello World!"
}
object(BeanstalkJob)#N (2) {
  ["id"]=>
  int(4)
  ["message"]=>
  array(2) {
    [0]=>
    string(4) "what"
    [1]=>
    string(3) "how"
  }
}
object(BeanstalkJob)#N (2) {
  ["id"]=>
  int(9)
  ["message"]=>
  string(13) "Hello World!2"
}
Timed out waiting for a job.  Retrying in 1 second.

--TEST--
The scripts with two servers of tubes print the same with trellis and with beanstalkd
--EXTENSIONS--
beanstalk
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) die('skip the consumer waits for 10 seconds'); ?>
--FILE--
<?php
const SECONDS = 60;
require 'run.inc';

/** Starts a server on a free port, and returns it with its address once it takes connections. */
function start(array $command, callable $arguments): array
{
    $free = stream_socket_server('tcp://127.0.0.1:0');
    $address = stream_socket_get_name($free, false);
    fclose($free);
    $null = ['file', '/dev/null', 'a'];
    $server = proc_open([...$command, ...$arguments($address)], [$null, $null, $null], $pipes);
    while (!@stream_socket_client("tcp://$address")) {
        proc_get_status($server)['running'] || die("$command[0] does not run\n");
        usleep(10_000);
    }
    return [$server, $address];
}

/** The script with these servers instead of those it names. */
function with_servers(string $script, array $addresses): string
{
    $text = text_of($script);
    foreach (['192.168.33.14', '192.168.33.12'] as $place => $named) {
        [$host, $port] = explode(':', $addresses[$place]);
        $text = preg_replace('/' . preg_quote($named) . '(["\'], )11300/', "$host\${1}$port", $text, -1, $count);
        $count === 1 || die("$script does not name $named\n");
    }
    return $text;
}

$trellis = fn($address) => ['--beanstalk', $address, '--durability', 'memory'];
$beanstalkd = fn($address) => ['-l', strtok($address, ':'), '-p', strtok('')];
$kinds = [
    'trellis' => [[getenv('TRELLIS_PROGRAM'), 'serve', '--http', 'off', '--zookeeper', 'off'], $trellis],
    'beanstalkd' => [[getenv('BEANSTALKD_PROGRAM')], $beanstalkd],
];
foreach ($kinds as $kind => $how) {
    $servers = [start(...$how), start(...$how)];
    $addresses = array_column($servers, 1);
    $said = run(with_servers('13_beanstalk_c.php', $addresses)) . run(with_servers('14_producer.php', $addresses));
    $consumed = run(with_servers('15_consumer.php', $addresses), 'Retrying in 1 second.');
    foreach ($servers as [$server]) {
        proc_terminate($server);
        proc_close($server);
    }
    // Which server a job comes from first depends on when its delay ends.
    preg_match_all('/^object.*?^}$/ms', $consumed, $jobs);
    $jobs = preg_replace(['/#\d+/', '/int\(\d+\)/'], ['#N', 'int(ID)'], $jobs[0]);
    sort($jobs);
    // The addresses decide which tube is on which server, and so do the ports, which differ from run to run.
    $said = preg_replace('/\[id\] => \d+/', '[id] => ID', $said);
    $outputs[$kind] = $said . preg_replace('/^object.*^}$/ms', implode("\n", $jobs), $consumed) . "\n";
}
echo $outputs['trellis'] === $outputs['beanstalkd'] ? $outputs['trellis'] : print_r($outputs, true);
?>
--EXPECT--
Array
(
    [srv0_0] => default
    [srv1_0] => default
)
key0	value0
Array
(
    [id] => ID
    [data] => value0
)
bury ok
delete ok

key1	value1
Array
(
    [id] => ID
    [data] => value1
)
bury ok
delete ok

key2	value2
Array
(
    [id] => ID
    [data] => value2
)
bury ok
delete ok

key3	value3
Array
(
    [id] => ID
    [data] => value3
)
bury ok
delete ok

key4	value4
Array
(
    [id] => ID
    [data] => value4
)
bury ok
delete ok

key5	value5
Array
(
    [id] => ID
    [data] => value5
)
bury ok
delete ok

key6	value6
Array
(
    [id] => ID
    [data] => value6
)
bury ok
delete ok

key7	value7
Array
(
    [id] => ID
    [data] => value7
)
bury ok
delete ok

key8	value8
Array
(
    [id] => ID
    [data] => value8
)
bury ok
delete ok

key9	value9
Array
(
    [id] => ID
    [data] => value9
)
bury ok
delete ok

done

Warning: "continue" targeting switch is equivalent to "break". Did you mean to use "continue 2"? in the script on line 27
object(BeanstalkJob)#N (2) {
  ["id"]=>
  int(ID)
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
  int(ID)
  ["message"]=>
  string(12) "Hello World!"
}
object(BeanstalkJob)#N (2) {
  ["id"]=>
  int(ID)
  ["message"]=>
  string(13) "Hello World!2"
}
Timed out waiting for a job.  Retrying in 1 second.

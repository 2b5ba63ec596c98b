--TEST--
Watchers are called while the script sleeps, which lasts as long as without them
--EXTENSIONS--
zookeeper
pcntl
--FILE--
<?php
require __DIR__ . '/servers.inc';
$server = getenv('TRELLIS_ZOOKEEPER');
$zookeeper = new Zookeeper($server);
$path = '/sleep-' . getmypid();
$zookeeper->create($path, '', OPEN, Zookeeper::EPHEMERAL);
$sleeps = [
    'sleep' => [1, fn() => sleep(1)],
    'usleep' => [0.5, fn() => usleep(500000)],
    'time_nanosleep' => [0.5, fn() => time_nanosleep(0, 500000000)],
    'time_sleep_until' => [0.5, fn() => time_sleep_until(microtime(true) + 0.5)],
];
foreach ($sleeps as $name => [$seconds, $sleep]) {
    $called = 0;
    $zookeeper->get($path, function () use (&$called) { $called = microtime(true); });
    // Another process sets it, when this one is about to sleep.
    [$mine, $its] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
    if (($child = pcntl_fork()) === 0) {
        $other = new Zookeeper($server);
        $other->exists($path);
        fwrite($its, "ready\n");
        fgets($its);
        usleep(20000);
        $other->set($path, '');
        exit(0);
    }
    fgets($mine);
    fwrite($mine, "go\n");
    $begin = microtime(true);
    $result = $sleep();
    $end = microtime(true);
    $lasted = $end - $begin;
    pcntl_waitpid($child, $status);
    printf(
        "%s gives %s, was called %s, lasted %s\n", $name, json_encode($result),
        $called && $called < $end ? 'within' : 'not within',
        $lasted > $seconds - 0.01 && $lasted < $seconds + 0.5 ? 'as long as it should' : $lasted
    );
}
// What doesn't wait is as ever.
var_dump(sleep(0), usleep(0), time_nanosleep(0, 1000));
foreach ([fn() => sleep(-1), fn() => usleep(-1), fn() => time_nanosleep(-1, 0), fn() => time_nanosleep(0, -1), fn() => sleep('x')] as $wrong) {
    try_it($wrong);
}
var_dump(@time_sleep_until(1));
// A signal ends a sleep.
pcntl_async_signals(true);
pcntl_signal(SIGALRM, function () { echo "alarm\n"; });
pcntl_alarm(1);
$begin = microtime(true);
var_dump(sleep(10) > 5);
pcntl_alarm(1);
echo json_encode(array_keys((array)time_nanosleep(10, 0))), "\n";
var_dump(microtime(true) - $begin < 5);
?>
--EXPECT--
sleep gives 0, was called within, lasted as long as it should
usleep gives null, was called within, lasted as long as it should
time_nanosleep gives true, was called within, lasted as long as it should
time_sleep_until gives true, was called within, lasted as long as it should
int(0)
NULL
bool(true)
ValueError 0: sleep(): Argument #1 ($seconds) must be greater than or equal to 0
ValueError 0: usleep(): Argument #1 ($microseconds) must be greater than or equal to 0
ValueError 0: time_nanosleep(): Argument #1 ($seconds) must be greater than or equal to 0
ValueError 0: time_nanosleep(): Argument #2 ($nanoseconds) must be greater than or equal to 0
TypeError 0: sleep(): Argument #1 ($seconds) must be of type int, string given
bool(false)
alarm
bool(true)
alarm
["seconds","nanoseconds"]
bool(true)

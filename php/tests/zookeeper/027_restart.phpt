--TEST--
A server that goes and comes back: the session, its identities and its watches are as before
--EXTENSIONS--
zookeeper
--FILE--
<?php
require __DIR__ . '/servers.inc';
Zookeeper::setDebugLevel(0);
// A port that nobody has.
$listener = stream_socket_server('tcp://127.0.0.1:0');
$address = stream_socket_get_name($listener, false);
fclose($listener);
$folder = sys_get_temp_dir() . '/restart-' . getmypid();
function serve(): mixed {
    global $address, $folder;
    $command = [getenv('TRELLIS_PROGRAM'), 'serve', '--zookeeper', $address, '--beanstalk', 'off', '--http', 'off', '--data-dir', $folder];
    return proc_open($command, [['file', '/dev/null', 'r'], ['file', '/dev/null', 'w'], ['file', '/dev/null', 'w']], $pipes);
}
function kill($server): void {
    proc_terminate($server, 9);
    proc_close($server);
}
$server = serve();
wait_for(fn() => @stream_socket_client("tcp://$address"));
$state = null;
$zookeeper = new Zookeeper($address, function ($type, $now) use (&$state) { $state = $now; }, 20000);
$zookeeper->addAuth('digest', 'user:secret');
$zookeeper->create('/mine', 'x', [['perms' => Zookeeper::PERM_ALL, 'scheme' => 'auth', 'id' => '']]);
$zookeeper->create('/e', '', OPEN, Zookeeper::EPHEMERAL);
$zookeeper->get('/mine', printer('data', $told));
$zookeeper->exists('/later', printer('exists', $told));
$zookeeper->getChildren('/', printer('children', $told));
[$id] = $zookeeper->getClientId();
kill($server);
wait_for(function () use (&$state) { return $state === Zookeeper::CONNECTING_STATE; });
try {
    $zookeeper->get('/mine');
} catch (ZookeeperConnectionException $error) {
    var_dump($error->getCode(), str_contains($error->getMessage(), $address));
}
try_it(fn() => [$zookeeper->getState(), $zookeeper->isRecoverable()]);
$server = serve();
wait_for(function () use (&$state) { return $state === Zookeeper::CONNECTED_STATE; });
var_dump($zookeeper->getClientId()[0] === $id, $told);
try_it(fn() => $zookeeper->get('/mine'));
try_it(fn() => is_array($zookeeper->exists('/e')));
$zookeeper->set('/mine', 'y');
wait_for(function () use (&$told) { return $told === 1; });
$zookeeper->create('/later', '', OPEN);
wait_for(function () use (&$told) { return $told === 3; });
$zookeeper->close();
kill($server);
exec('rm -r ' . escapeshellarg($folder));
?>
--EXPECT--
int(-4)
bool(true)
[1,true]
bool(true)
NULL
"x"
true
data [3,3,"/mine"]
exists [1,3,"/later"]
children [4,3,"/"]

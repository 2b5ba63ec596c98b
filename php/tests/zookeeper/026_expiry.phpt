--TEST--
A session that is over is told of, every call says so, and connect() begins another one
--EXTENSIONS--
zookeeper
--FILE--
<?php
require __DIR__ . '/servers.inc';
// Ends a session from another connection, as a server does when it expires. (With -11 for closeSession.)
function expire(string $server, int $id, string $password): void {
    $text = fn(string $bytes) => pack('N', strlen($bytes)) . $bytes;
    $stream = stream_socket_client('tcp://' . strstr($server, '/', true));
    // At once, since the session's owner is about to take it back.
    $connect = $text(pack('NJNJ', 0, 0, 10000, $id) . $text($password) . "\0");
    fwrite($stream, $connect . $text(pack('NN', 1, -11 & 0xffffffff)));
    while (fread($stream, 4096));
}
on_each_server(function (string $server) {
    Zookeeper::setDebugLevel(0);
    $over = null;
    $states = [];
    $zookeeper = new Zookeeper($server, function ($type, $state, $path) use (&$states, &$over) {
        $states[] = [$type, $state, $path];
        $over = $state === Zookeeper::EXPIRED_SESSION_STATE;
    });
    $zookeeper->create('/e', '', OPEN, Zookeeper::EPHEMERAL);
    $zookeeper->get('/e', fn() => print("a watch outlives its session\n"));
    // The owner may have been quicker.
    wait_for(function () use (&$over, $server, $zookeeper) {
        if (!$over) expire($server, ...$zookeeper->getClientId());
        usleep(100000);
        return $over;
    });
    echo json_encode([$states[0], end($states)]), "\n";
    try_it(fn() => $zookeeper->exists('/e'));
    try_it(fn() => $zookeeper->set('/e', ''));
    try_it(fn() => $zookeeper->getConfig()->get());
    try_it(fn() => [$zookeeper->getState(), $zookeeper->isRecoverable()]);
    $zookeeper->addAuth('digest', 'user:secret', printer('identity', $told));
    wait_for(function () use (&$told) { return $told; });
    $zookeeper->connect($server);
    try_it(fn() => $zookeeper->exists('/e'));
    try_it(fn() => $zookeeper->isRecoverable());
    Zookeeper::setDebugLevel(Zookeeper::LOG_LEVEL_WARN);
});
?>
--EXPECT--
[[-1,3,""],[-1,-112,""]]
ZookeeperSessionException -112: session expired
ZookeeperSessionException -112: session expired
ZookeeperSessionException -112: session expired
[-112,false]
identity [-112]
false
true

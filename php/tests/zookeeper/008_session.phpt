--TEST--
Sessions: states, time-outs, identities, watchers of the session, lists of servers
--EXTENSIONS--
zookeeper
--FILE--
<?php
require __DIR__ . '/servers.inc';
on_each_server(function (string $server) {
    $zookeeper = new Zookeeper($server, printer('connected', $connected), 8000);
    wait_for(function () use (&$connected) { return $connected; });
    try_it(fn() => [$zookeeper->getState(), $zookeeper->getRecvTimeout(), $zookeeper->isRecoverable()]);
    [$id, $password] = $zookeeper->getClientId();
    var_dump(is_int($id), $id !== 0, strlen($password));
    $zookeeper->create('/e', '', OPEN, Zookeeper::EPHEMERAL);
    // Another object, another session; it ends with the object.
    $other = new Zookeeper($server);
    $other->create('/o', '', OPEN, Zookeeper::EPHEMERAL);
    try_it(fn() => [is_array($zookeeper->exists('/e')), is_array($zookeeper->exists('/o'))]);
    unset($other);
    try_it(fn() => [is_array($zookeeper->exists('/e')), is_array($zookeeper->exists('/o'))]);
    // Another connection of the same object, which ends the first.
    $zookeeper->connect($server);
    try_it(fn() => $zookeeper->exists('/e'));
    $zookeeper->close();
    // Of several servers, one that is there; with a chroot.
    Zookeeper::setDeterministicConnOrder(true);
    [$host, $root] = explode('/', $server);
    $zookeeper = new Zookeeper("127.0.0.1:1,$host/$root");
    try_it(fn() => $zookeeper->create('/c', 'x', OPEN));
    $below = new Zookeeper("$server/c");
    try_it(fn() => $below->get('/'));
    try_it(fn() => $below->setWatcher(printer('later', $later)));
    Zookeeper::setDeterministicConnOrder(false);
});
?>
--EXPECT--
connected [-1,3,""]
[3,8000,true]
bool(true)
bool(true)
int(16)
[true,true]
[true,false]
false
"\/c"
"x"
true

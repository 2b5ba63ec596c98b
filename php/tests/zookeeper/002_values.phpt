--TEST--
Values: null, empty, binary, cut to a size; stats, versions, children, sequences
--EXTENSIONS--
zookeeper
--FILE--
<?php
require __DIR__ . '/servers.inc';
on_each_server(function (string $server) {
    $zookeeper = new Zookeeper($server);
    try_it(fn() => $zookeeper->create('/null', null, OPEN));
    try_it(fn() => $zookeeper->create('/empty', '', OPEN));
    try_it(fn() => $zookeeper->create('/binary', "\0\xff\n", OPEN));
    try_it(fn() => $zookeeper->create('/plain', 'with the open list'));
    try_it(fn() => $zookeeper->get('/null'));
    try_it(fn() => $zookeeper->get('/empty'));
    try_it(fn() => bin2hex($zookeeper->get('/binary')));
    var_dump($zookeeper->get('/plain', null, $stat, 8));
    try_it(fn() => $zookeeper->get('/plain', max_size: 4));
    echo json_encode(array_map('gettype', $stat)), "\n";
    echo json_encode([$stat['dataLength'], $stat['ephemeralOwner'], $stat['numChildren']]), "\n";
    var_dump(abs($stat['ctime'] / 1000 - time()) < 100, $stat['czxid'] === $stat['mzxid']);
    var_dump($zookeeper->set('/plain', 'new', 0, $stat));
    try_it(fn() => $zookeeper->set('/plain', null));
    try_it(fn() => $zookeeper->get('/plain'));
    try_it(fn() => [$stat['version'], $zookeeper->exists('/plain')['version']]);
    try_it(fn() => $zookeeper->exists('/nothing'));
    try_it(fn() => $zookeeper->create('/parent', ''));
    try_it(fn() => $zookeeper->create('/parent/s-', '', null, Zookeeper::SEQUENCE));
    try_it(fn() => $zookeeper->create('/parent/', '', null, Zookeeper::SEQUENCE));
    try_it(fn() => $zookeeper->create('/parent/e', '', OPEN, Zookeeper::EPHEMERAL));
    try_it(fn() => $zookeeper->create('/parent/e-', '', OPEN, Zookeeper::EPHEMERAL | Zookeeper::SEQUENCE));
    try_it(fn() => $zookeeper->getChildren('/parent'));
    try_it(fn() => $zookeeper->exists('/parent/e')['ephemeralOwner'] === $zookeeper->getClientId()[0]);
    try_it(fn() => $zookeeper->getChildren('/parent/e'));
    try_it(fn() => $zookeeper->delete('/parent/e', 0));
    try_it(fn() => $zookeeper->delete('/parent/s-0000000000'));
    try_it(fn() => strlen($zookeeper->get('/parent')));
    $large = str_repeat('x', 900_000);
    try_it(fn() => $zookeeper->set('/plain', $large) && $zookeeper->get('/plain') === $large);
    // A variable of any kind takes the stat.
    $object = new stdClass;
    $zookeeper->get('/plain', null, $object->stat);
    $list = [];
    $zookeeper->set('/plain', 'x', -1, $list['stat']);
    var_dump($object->stat['dataLength'], $list['stat']['dataLength']);
});
?>
--EXPECT--
"\/null"
"\/empty"
"\/binary"
"\/plain"
null
""
"00ff0a"
string(8) "with the"
"with"
{"czxid":"integer","mzxid":"integer","ctime":"integer","mtime":"integer","version":"integer","cversion":"integer","aversion":"integer","ephemeralOwner":"integer","dataLength":"integer","numChildren":"integer","pzxid":"integer"}
[18,0,0]
bool(true)
bool(true)
bool(true)
true
null
[1,2]
false
"\/parent"
"\/parent\/s-0000000000"
"\/parent\/0000000001"
"\/parent\/e"
"\/parent\/e-0000000003"
["0000000001","e","e-0000000003","s-0000000000"]
true
[]
true
true
0
true
int(900000)
int(1)

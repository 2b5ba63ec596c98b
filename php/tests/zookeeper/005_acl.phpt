--TEST--
Access control lists, and identities with and without a callback
--EXTENSIONS--
zookeeper
--FILE--
<?php
require __DIR__ . '/servers.inc';
on_each_server(function (string $server) {
    $one = new Zookeeper($server);
    $other = new Zookeeper($server);
    $asked = $one->addAuth('digest', 'user:secret', printer('done', $done));
    wait_for(function () use (&$done) { return $done; });
    var_dump($asked);
    $mine = [['perms' => Zookeeper::PERM_ALL, 'scheme' => 'auth', 'id' => '']];
    $one->create('/mine', 'x', $mine);
    try_it(fn() => $other->get('/mine'));
    try_it(fn() => $one->get('/mine'));
    [$stat, $acl] = $one->getAcl('/mine');
    echo json_encode([$stat['aversion'], $acl]), "\n";
    $other->addAuth('digest', 'user:secret');
    try_it(fn() => $other->get('/mine'));
    try_it(fn() => $one->setAcl('/mine', 5, OPEN));
    try_it(fn() => $one->setAcl('/mine', 0, ['no entry', ['perms' => 1], ...OPEN]));
    try_it(fn() => $one->getAcl('/mine')[1]);
    try_it(fn() => $one->setAcl('/mine', -1, []));
    $refused = new Zookeeper($server);
    $refused->setLogStream('/dev/null');
    $refused->addAuth('no such scheme', 'x', printer('refused', $told));
    wait_for(function () use (&$told) { return $told; });
    try_it(fn() => $refused->get('/'));
    try_it(fn() => [$refused->getState(), $refused->isRecoverable()]);
});
?>
--EXPECT--
done [0]
bool(true)
ZookeeperAuthenticationException -102: not authenticated
"x"
[0,[{"perms":31,"scheme":"digest","id":"user:5w9W4eL3797Y4Wq8AcKUPPk8ha4="}]]
"x"
ZookeeperException -103: bad version
true
[{"perms":31,"scheme":"world","id":"anyone"}]
ZookeeperException -114: invalid acl
refused [-115]
ZookeeperAuthenticationException -115: authentication failed
[-113,false]

--TEST--
Errors: classes, codes and messages
--EXTENSIONS--
zookeeper
--FILE--
<?php
require __DIR__ . '/servers.inc';
on_each_server(function (string $server) {
    $zookeeper = new Zookeeper($server);
    $zookeeper->create('/a', '', OPEN);
    $zookeeper->create('/a/b', '', OPEN);
    $zookeeper->create('/e', '', OPEN, Zookeeper::EPHEMERAL);
    try_it(fn() => $zookeeper->get('/none'));
    try_it(fn() => $zookeeper->set('/none', ''));
    try_it(fn() => $zookeeper->getChildren('/none'));
    try_it(fn() => $zookeeper->getAcl('/none'));
    try_it(fn() => $zookeeper->delete('/none'));
    try_it(fn() => $zookeeper->create('/none/a', ''));
    try_it(fn() => $zookeeper->create('/a', ''));
    try_it(fn() => $zookeeper->set('/a', '', 7));
    try_it(fn() => $zookeeper->delete('/a'));
    try_it(fn() => $zookeeper->create('/e/a', ''));
    try_it(fn() => $zookeeper->create('/x', '', []));
    try_it(fn() => $zookeeper->create('/x', '', [['perms' => 31, 'scheme' => 'no', 'id' => 'x']]));
    try_it(fn() => $zookeeper->create('/x', '', OPEN, 5));
    try_it(fn() => $zookeeper->get('no slash'));
    try_it(fn() => $zookeeper->get('/a/'));
    try_it(fn() => $zookeeper->get(''));
    try {
        $zookeeper->get('/none');
    } catch (ZookeeperException $error) {
        echo basename($error->getFile()), ' ', $error->getLine(), ' ', $error->getTrace()[0]['class'], "\n";
    }
});
?>
--EXPECT--
ZookeeperNoNodeException -101: no node
ZookeeperNoNodeException -101: no node
ZookeeperNoNodeException -101: no node
ZookeeperNoNodeException -101: no node
ZookeeperNoNodeException -101: no node
ZookeeperNoNodeException -101: no node
ZookeeperException -110: node exists
ZookeeperException -103: bad version
ZookeeperException -111: not empty
ZookeeperException -108: no children for ephemerals
ZookeeperException -114: invalid acl
ZookeeperException -114: invalid acl
ZookeeperException -8: bad arguments
ZookeeperException -8: bad arguments
ZookeeperException -8: bad arguments
ZookeeperException -8: bad arguments
003_errors.php 25 Zookeeper

--TEST--
A script may use the handler of PHP's sessions for other sessions than its own: each has its lock
--EXTENSIONS--
zookeeper
session
--INI--
session.use_cookies=0
session.use_strict_mode=0
session.cache_limiter=
session.gc_probability=0
--FILE--
<?php
ob_start();
require __DIR__ . '/servers.inc';
class Handler extends SessionHandler {}
ini_set('session.save_handler', 'zookeeper');
$handler = new Handler;
session_set_save_handler($handler);
on_each_server(function (string $server) use ($handler) {
    ini_set('session.save_path', $server);
    $inside = new Zookeeper($server);
    $inside->create('/php-sessid', '', OPEN);
    $locks = function () use ($inside) {
        foreach (['mine', 'other'] as $name) {
            $path = "/php-sessid-locks/$name";
            echo $name, ': ', $inside->exists($path) ? count($inside->getChildren($path)) : 'no lock', "\n";
        }
    };
    $inside->create('/php-sessid/other', 'count|i:1;', OPEN);
    session_id('mine');
    session_start();
    echo "another is destroyed\n";
    var_dump($handler->destroy('other'), $inside->exists('/php-sessid/other'));
    $locks();
    echo "another is read\n";
    var_dump($handler->read('other'));
    $locks();
    echo "another is written, and the own one destroyed\n";
    var_dump($handler->write('other', 'count|i:2;'), $handler->destroy('mine'));
    $locks();
    session_abort();
    echo "all are closed\n";
    $locks();
    var_dump($inside->get('/php-sessid/other'), $inside->exists('/php-sessid/mine'));
});
?>
--EXPECT--
another is destroyed
bool(true)
bool(false)
mine: 1
other: no lock
another is read
string(0) ""
mine: 1
other: 1
another is written, and the own one destroyed
bool(true)
bool(true)
mine: no lock
other: 1
all are closed
mine: no lock
other: 0
string(10) "count|i:2;"
bool(false)

--TEST--
PHP's sessions in znodes: kept, locked, collected, and names that are none
--EXTENSIONS--
zookeeper
session
pcntl
--INI--
session.use_cookies=0
session.use_strict_mode=1
session.cache_limiter=
session.gc_probability=0
--FILE--
<?php
ob_start();
require __DIR__ . '/servers.inc';
on_each_server(function (string $server) {
    ini_set('session.save_handler', 'zookeeper');
    ini_set('session.save_path', $server);
    $inside = new Zookeeper($server);
    session_start();
    $name = session_id();
    $_SESSION['count'] = 1;
    session_write_close();
    var_dump($inside->get("/php-sessid/$name"), $inside->getAcl("/php-sessid/$name")[1] === OPEN);
    session_id($name);
    session_start();
    var_dump($_SESSION, session_id() === $name);
    $_SESSION['count']++;
    // Another request waits for its turn.
    if (($child = pcntl_fork()) === 0) {
        while (ob_get_level()) ob_end_clean();
        $inside->connect($server);
        session_abort();
        session_id($name);
        session_start();
        $_SESSION['count'] *= 10;
        session_write_close();
        exit;
    }
    usleep(100000);
    session_write_close();
    pcntl_waitpid($child, $status);
    session_id($name);
    session_start();
    var_dump($_SESSION['count']);
    var_dump(session_gc());
    session_regenerate_id(true);
    var_dump($inside->exists("/php-sessid/$name"));
    session_destroy();
    var_dump($inside->getChildren('/php-sessid') === [] || $inside->getChildren('/php-sessid'));
    // A name that nobody was given, and one that would be another znode.
    foreach (['unknown', '../../x'] as $wrong) {
        session_id($wrong);
        @session_start();
        var_dump(session_id() === $wrong);
        @session_destroy();
    }
    // One that is old is empty, and goes.
    ini_set('session.gc_maxlifetime', '0');
    $inside->create('/php-sessid/old', 'n|i:1;');
    usleep(20000);
    ini_set('session.use_strict_mode', '0');
    session_id('other');
    session_start();
    var_dump(session_gc(), $inside->exists('/php-sessid/old'));
    session_destroy();
    ini_set('session.gc_maxlifetime', '1440');
    ini_set('session.use_strict_mode', '1');
});
ini_set('session.save_path', '127.0.0.1:1');
Zookeeper::setDebugLevel(0);
$warnings = [];
set_error_handler(function ($number, $text) use (&$warnings) { $warnings[] = $text; });
var_dump(session_start());
echo implode("\n", $warnings), "\n";
?>
--EXPECTF--
string(10) "count|i:1;"
bool(true)
array(1) {
  ["count"]=>
  int(1)
}
bool(true)
int(20)
int(0)
bool(false)
bool(true)
bool(false)
bool(false)
int(1)
bool(false)
bool(false)
session_start(): there is no connection to 127.0.0.1:1: connection refused
session_start(): Failed to read session data: zookeeper (path: 127.0.0.1:1)

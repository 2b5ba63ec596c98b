--TEST--
A server that goes while a session of PHP is open: the request ends all the same
--EXTENSIONS--
zookeeper
session
--INI--
session.use_cookies=0
session.use_strict_mode=0
session.cache_limiter=
session.gc_probability=0
session.save_handler=zookeeper
zookeeper.recv_timeout=2000
--FILE--
<?php
ob_start();
require __DIR__ . '/servers.inc';
Zookeeper::setDebugLevel(0);
[$address, $server] = own_server();
ini_set('session.save_path', $address);
session_id('open');
session_start();
$_SESSION['x'] = 1;
proc_terminate($server, 9);
wait_for(fn() => !proc_get_status($server)['running']);
$began = microtime(true);
@session_write_close();
echo microtime(true) - $began < 5 ? "soon\n" : "late\n";
echo str_contains(error_get_last()['message'] ?? '', $address) ? "the warning names the server\n" : 'no warning';
?>
--EXPECT--
soon
the warning names the server

--TEST--
PHP's sessions at one place after the other: what is no longer used is left at once
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
[$address, $server] = own_server('--zookeeper-words', 'mntr');
// How many sessions of the protocol the server has.
function sessions(): int {
    global $address;
    $stream = stream_socket_client("tcp://$address");
    fwrite($stream, 'mntr');
    return preg_match('/^zk_global_sessions\s+(\d+)$/m', stream_get_contents($stream), $match) ? (int)$match[1] : -1;
}
ini_set('session.save_handler', 'zookeeper');
for ($i = 0; $i < 10; $i++) {
    ini_set('session.save_path', $i % 2 ? $address : "$address,$address");
    session_id("place-$i");
    session_start();
    $_SESSION['i'] = $i;
    session_write_close();
}
var_dump(sessions());
session_id('place-3');
session_start();
var_dump($_SESSION['i'], sessions());
session_abort();
?>
--EXPECT--
int(1)
int(3)
int(1)

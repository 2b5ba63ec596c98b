--TEST--
A child of a request with a session: its end writes nothing and says nothing, and its own writes are a warning
--EXTENSIONS--
zookeeper
session
pcntl
--INI--
session.use_cookies=0
session.use_strict_mode=0
session.cache_limiter=
session.gc_probability=0
--FILE--
<?php
ob_start();
require __DIR__ . '/servers.inc';
ini_set('session.save_handler', 'zookeeper');
// What a child prints, who has the parent's session open. It ends as scripts do.
function child_prints(callable $act): string {
    [$ours, $theirs] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
    if (pcntl_fork() === 0) {
        while (ob_get_level()) ob_end_clean();
        ob_start(function (string $printed) use ($theirs) { fwrite($theirs, $printed); return ''; }, 1);
        $_SESSION['child'] = true;
        $act();
        exit;
    }
    fclose($theirs);
    $printed = stream_get_contents($ours);
    pcntl_wait($status);
    return trim(preg_replace('/ in \S+ on line \d+/', '', $printed));
}
on_each_server(function (string $server) {
    ini_set('session.save_path', $server);
    session_id('parent');
    session_start();
    $_SESSION['parent'] = true;
    echo "it ends: [", child_prints(fn() => null), "]\n";
    echo "it writes: [", str_replace($server, 'SERVER', child_prints(fn() => session_write_close())), "]\n";
    $inside = new Zookeeper($server);
    try_it(fn() => [count($inside->getChildren('/php-sessid-locks/parent')), $inside->exists('/php-sessid/parent')]);
    session_write_close();
    try_it(fn() => [count($inside->getChildren('/php-sessid-locks/parent')), $inside->get('/php-sessid/parent')]);
});
?>
--EXPECT--
it ends: []
it writes: [Warning: session_write_close(): the session belongs to the process that this one was forked from; begin another one here

Warning: session_write_close(): Failed to write session data (zookeeper). Please verify that the current setting of session.save_path is correct (SERVER)]
[1,false]
[0,"parent|b:1;"]

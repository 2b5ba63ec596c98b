--TEST--
The locks of PHP's sessions: they don't stay behind, they are collected, and no session is another one's lock
--EXTENSIONS--
zookeeper
session
--INI--
session.use_cookies=0
session.use_strict_mode=0
session.cache_limiter=
session.gc_probability=0
session.gc_maxlifetime=0
--FILE--
<?php
ob_start();
require __DIR__ . '/servers.inc';
const LOCKS = '/php-sessid-locks';
function start(string $name, array $options = []): void {
    session_id($name);
    session_start($options);
}
on_each_server(function (string $server) {
    ini_set('session.save_handler', 'zookeeper');
    ini_set('session.save_path', $server);
    $inside = new Zookeeper($server);
    $inside->create('/php-sessid', '', OPEN);
    echo "made-up names leave nothing: ";
    for ($i = 0; $i < 10; $i++) {
        start("made-up-$i", ['read_and_close' => true]);
        start("made-up-$i");
        session_abort();
        start("made-up-$i");
        session_destroy();
    }
    try_it(fn() => [$inside->getChildren('/php-sessid'), $inside->getChildren(LOCKS)]);

    echo "a session called like a lock is one:\n";
    foreach (['vic', 'vic-lock'] as $name) {
        start($name);
        $_SESSION['name'] = $name;
        try_it(fn() => [count($inside->getChildren(LOCKS . "/$name")), $inside->exists("/php-sessid/$name-lock")]);
        session_write_close();
    }
    try_it(fn() => [$inside->get('/php-sessid/vic'), $inside->get('/php-sessid/vic-lock')]);
    try_it(fn() => array_map(fn($name) => count($inside->getChildren(LOCKS . "/$name")), ['vic', 'vic-lock']));

    echo "what is old is collected, with its lock, unless somebody holds that:\n";
    $inside->create(LOCKS . '/of-nobody', '', OPEN);
    $inside->create(LOCKS . '/held', '', OPEN);
    $inside->create(LOCKS . '/held/one', '', OPEN, Zookeeper::EPHEMERAL);
    usleep(20000);
    start('other');
    $count = session_gc();
    session_abort();
    try_it(fn() => [$count, $inside->getChildren('/php-sessid'), $inside->getChildren(LOCKS)]);

    echo "and a lock without a session stays for the time of one: ";
    ini_set('session.gc_maxlifetime', '1440');
    $inside->create(LOCKS . '/of-nobody', '', OPEN);
    start('other');
    $count = session_gc();
    session_abort();
    try_it(fn() => [$count, count($inside->getChildren(LOCKS))]);
    ini_set('session.gc_maxlifetime', '0');
});
?>
--EXPECT--
made-up names leave nothing: [[],[]]
a session called like a lock is one:
[1,false]
[1,false]
["name|s:3:\"vic\";","name|s:8:\"vic-lock\";"]
[0,0]
what is old is collected, with its lock, unless somebody holds that:
[2,[],["held"]]
and a lock without a session stays for the time of one: [0,2]

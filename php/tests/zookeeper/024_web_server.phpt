--TEST--
In php -S: each request has its own objects, one that ends badly harms no other, and sessions are kept in znodes
--EXTENSIONS--
zookeeper
session
--FILE--
<?php
require __DIR__ . '/servers.inc';
require __DIR__ . '/worker.inc';
$script = tempnam(sys_get_temp_dir(), 'web');
file_put_contents($script, '<?php
    Zookeeper::setDebugLevel(0);
    [$server, $path] = [getenv("TRELLIS_ZOOKEEPER"), getenv("WEB_PATH")];
    session_start();
    echo $_SESSION["count"] = ($_SESSION["count"] ?? 0) + 1, " ";
    session_write_close();
    $zookeeper = new Zookeeper($server . $path);
    $zookeeper->get("/", function () use ($zookeeper) {
        echo "watcher ";
        match ($_GET["end"]) {
            "well" => null,
            "exit" => exit("exit"),
            "throw" => throw new Exception("thrown"),
            "fatal" => eval("class Zookeeper {}"),
        };
    });
    $zookeeper->set("/", "");
    usleep(20_000_000 * (int) ($_GET["end"] !== "well") + 50_000);
    echo "end";
');
$zookeeper = new Zookeeper(getenv('TRELLIS_ZOOKEEPER'));
$path = $zookeeper->create('/web-', '', OPEN, Zookeeper::SEQUENCE);
$zookeeper->create("$path/s", '', OPEN);
putenv("WEB_PATH=$path");
$server = new Copy(
    $script, '-S', '127.0.0.1:0', '-d', 'session.save_handler=zookeeper', '-d', 'session.use_cookies=0', '-d', 'session.use_only_cookies=0',
    '-d', 'session.use_strict_mode=0', '-d', 'session.save_path=' . getenv('TRELLIS_ZOOKEEPER') . "$path/s", '-d', 'display_errors=0'
);
$address = $server->expect_match('#http://(127\.0\.0\.1:\d+)\)#');
foreach (['well', 'exit', 'throw', 'fatal', 'well', 'exit', 'well'] as $end) {
    $context = stream_context_create(['http' => ['ignore_errors' => true]]);
    echo trim(file_get_contents("http://$address/?PHPSESSID=one&end=$end", false, $context)), "\n";
}
$server->kill();
unlink($script);
echo $zookeeper->get("$path/s/php-sessid/one"), "\n";
remove($zookeeper, $path);
?>
--EXPECT--
1 watcher end
2 watcher exit
3 watcher
4 watcher
5 watcher end
6 watcher exit
7 watcher end
count|i:7;

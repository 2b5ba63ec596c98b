--TEST--
Where the module writes what it has to tell, and how much of it
--EXTENSIONS--
zookeeper
--FILE--
<?php
require __DIR__ . '/servers.inc';
$path = tempnam(sys_get_temp_dir(), 'log');
$stream = fopen($path, 'a');
var_dump(Zookeeper::setDebugLevel(Zookeeper::LOG_LEVEL_ERROR));
$zookeeper = new Zookeeper;
try_it(fn() => $zookeeper->setLogStream($stream));
$zookeeper->connect('127.0.0.1:1', null, 1000);
var_dump($zookeeper->setLogStream($stream));
// It is ours now, whatever becomes of the script's.
fclose($stream);
try_it(fn() => $zookeeper->get('/'));
$zookeeper->close();
// The same trouble of other objects is no news.
for ($i = 0; $i < 10; $i++) {
    try {
        (new Zookeeper('127.0.0.1:1'))->get('/');
    } catch (ZookeeperConnectionException) {
    }
}
echo preg_match('/^\d+\.\d{3} zookeeper\[\d+\] ERROR: no server can be reached: 127.0.0.1:1: connection refused$/', trim(file_get_contents($path))), "\n";
Zookeeper::setDebugLevel(Zookeeper::LOG_LEVEL_DEBUG);
$zookeeper->connect(getenv('TRELLIS_ZOOKEEPER'));
$zookeeper->exists('/');
echo preg_match('/INFO: the session is connected$/', trim(file_get_contents($path))), "\n";
// What PHP's streams know is known here, and what a script may not open is not opened.
set_error_handler(function ($number, $text) { echo $text, "\n"; });
foreach (["$path/none", 'php://memory', '', "a\0b", 'php://stderr', '/dev/null'] as $name) {
    try_it(fn() => $zookeeper->setLogStream($name));
}
unlink($path);
ini_set('open_basedir', __DIR__);
try_it(fn() => $zookeeper->setLogStream('/log'));
?>
--EXPECTF--
bool(true)
true
bool(true)
ZookeeperConnectionException -4: connection loss: there is no connection to 127.0.0.1:1: connection refused
1
1
Zookeeper::setLogStream(%s/none): Failed to open stream: No such file or directory
false
Zookeeper::setLogStream(): Cannot represent a stream of type MEMORY as a File Descriptor
false
ValueError 0: Path %s be empty
ValueError 0: Zookeeper::setLogStream(): Argument #1 ($stream) must not contain any null bytes
true
true
Zookeeper::setLogStream(): open_basedir restriction in effect. File(/log) is not within the allowed path(s): (%s)
Zookeeper::setLogStream(/log): Failed to open stream: Operation not permitted
false

--TEST--
The old names of the pool come through the autoloader only
--EXTENSIONS--
trellis
sockets
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) echo 'skip valgrind knows no pidfd_open, and is slow'; ?>
--FILE--
<?php
var_dump(class_exists('Lifo\IPC\ProcessPool'));
require __DIR__ . '/../../include/autoload.php';
class Job implements Lifo\IPC\ProcessInterface {
    public function run($parent) {
        Lifo\IPC\ProcessPool::socket_send($parent, get_debug_type($parent));
        throw new Exception('old');
    }
}
$pool = new Lifo\IPC\ProcessPool(2);
echo $pool->apply(new Job)->get(), "\n";
try {
    $pool->get();
} catch (Lifo\IPC\ProcessPoolException $exception) {
    echo get_class($exception), ': ', $exception->getMessage(), "\n";
}
[$one, $other] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
Lifo\IPC\ProcessPool::socket_send($one, ['any' => "\0"]);
fclose($one);
var_dump(Lifo\IPC\ProcessPool::socket_fetch($other) === ['any' => "\0"], Lifo\IPC\ProcessPool::socket_fetch($other));
?>
--EXPECT--
bool(false)
Socket
Lifo\IPC\ProcessPoolException: old
bool(true)
NULL

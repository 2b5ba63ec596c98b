--TEST--
A task that can't start for want of descriptors stays in the pool, and starts when there are some
--EXTENSIONS--
trellis
pcntl
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) echo 'skip valgrind knows no pidfd_open, and is slow'; ?>
--FILE--
<?php
$script = <<<'PHP'
use Trellis\ProcessPool;
/** Opens all that can be opened. */
function exhaust(): array
{
    for ($files = []; $file = @fopen('/dev/null', 'r'); $files[] = $file);
    return $files;
}
function try_to(callable $call): void
{
    try {
        $call();
        echo "no exception\n";
    } catch (RuntimeException | ErrorException $exception) {
        echo get_class($exception), ': ', $exception->getMessage(), "\n";
    }
}
foreach (['children' => true, 'none' => false] as $name => $forks) {
    echo "--- nothing runs, $name\n";
    $pool = new ProcessPool(2, $forks);
    $files = exhaust();
    try_to(fn() => $pool->apply(fn() => 'first'));
    set_error_handler(fn($level, $message) => throw new ErrorException("of the handler"));
    try_to(fn() => $pool->apply(fn() => 'second'));
    restore_error_handler();
    $files = null;
    $results = $pool->getAll();
    sort($results);
    echo implode(' ', $results), "\n";
}
echo "--- another child runs\n";
$pool = new ProcessPool(2);
[$ours, $theirs] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
$pool->apply(function () use ($theirs) {
    fgets($theirs);
    return 'first';
});
$files = exhaust();
try_to(fn() => $pool->apply(fn() => 'second'));
var_dump($pool->getPending());
fwrite($ours, "\n");
echo $pool->get(), "\n";
$files = null;
echo $pool->get(), "\n";
PHP;
$command = [PHP_BINARY, '-n', '-d', 'display_errors=0'];
foreach (explode("\0", file_get_contents('/proc/self/cmdline')) as $argument) {
    if (str_starts_with($argument, 'extension=')) {
        array_push($command, '-d', $argument);
    }
}
array_push($command, '-r', $script);
passthru('ulimit -n 40; exec ' . implode(' ', array_map(escapeshellarg(...), $command)) . ' 2>&1');
?>
--EXPECT--
--- nothing runs, children
RuntimeException: socket_create_pair failed: there are too many open files
ErrorException: of the handler
first second
--- nothing runs, none
RuntimeException: socket_create_pair failed: there are too many open files
ErrorException: of the handler
first second
--- another child runs
no exception
int(2)
first
second

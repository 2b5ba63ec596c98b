--TEST--
After exit and after a fatal error in a job, a shutdown function may take jobs; a child that a job has forked may not
--EXTENSIONS--
trellis
pcntl
--SKIPIF--
<?php
if (getenv('USE_ZEND_ALLOC') === '0') die('skip what a fatal error jumps past goes with the memory of the request, which is off under valgrind');
?>
--FILE--
<?php
$script = <<<'PHP'
$first = getmypid();
register_shutdown_function(function () {
    $who = getmypid() === $GLOBALS['first'] ? 'itself' : 'its child';
    try {
        $count = Trellis\Worker::run(fn() => true);
        fwrite(STDERR, "$who: $count\n");
    } catch (Trellis\WorkerException $exception) {
        fwrite(STDERR, "$who: {$exception->getMessage()}\n");
    }
});
Trellis\Worker::run(function (string $body) {
    $child = $body === 'in a child' ? pcntl_fork() : null;
    if ($child) {
        pcntl_wait($status);
        exit;
    }
    $body === 'exit' ? exit : trigger_error('fatal', E_USER_ERROR);
});
PHP;
$modules = [];
foreach (explode("\0", file_get_contents('/proc/self/cmdline')) as $argument) {
    if (str_starts_with($argument, 'extension=')) {
        array_push($modules, '-d', $argument);
    }
}
foreach (['exit', 'fatal', 'in a child'] as $body) {
    echo "--- $body\n";
    // The supervisor's side, in frames on descriptor 3.
    [$ours, $theirs] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
    $command = [PHP_BINARY, '-n', '-d', 'display_errors=0', ...$modules, '-r', $script];
    $worker = proc_open($command, [3 => $theirs, 2 => ['pipe', 'w']], $pipes);
    fclose($theirs);
    $frame = "job 1\n$body";
    fwrite($ours, pack('N', strlen($frame)) . $frame);
    stream_socket_shutdown($ours, STREAM_SHUT_WR);
    echo stream_get_contents($ours), preg_replace('/^PHP Fatal.*\n/m', '', stream_get_contents($pipes[2]));
    proc_close($worker);
}
?>
--EXPECT--
--- exit
itself: 0
--- fatal
itself: 0
--- in a child
its child: a job's function, or a child that it has forked, can't take jobs itself
itself: 0

--TEST--
A child that is forked in a job leaves its parent's jobs alone, and no job takes others
--EXTENSIONS--
trellis
pcntl
--FILE--
<?php
// The supervisor's side, in frames on descriptor 3.
[$ours, $theirs] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
$script = <<<'PHP'
function fails(callable $call): bool {
    try {
        $call();
        return false;
    } catch (Trellis\WorkerException $exception) {
        fwrite(STDERR, $exception->getMessage() . "\n");
        return true;
    }
}
function again(): bool {
    return fails(fn() => Trellis\Worker::run(fn() => fwrite(STDERR, "the wrong one works\n")));
}
// In a process that is forked all calls of run fail, and nobody answers but its parent. Handlers run between two jobs.
$first = getmypid();
pcntl_async_signals(false);
pcntl_signal(SIGUSR1, function () {
    if (pcntl_fork() !== 0) pcntl_wait($status);
});
$failed = fails(fn() => Trellis\Worker::run(function (string $body) {
    if ($body === 'again') return again();
    if ($body === 'fork' && pcntl_fork() === 0) return true;
    if ($body === 'fork and throw' && pcntl_fork() === 0) throw new Exception('of the child');
    if ($body === 'fork between') return exec('kill -USR1 ' . getmypid()) === '';
    pcntl_wait($status);
    return pcntl_wexitstatus($status) === 7;
}));
if (getmypid() !== $first) exit($failed && again() ? 7 : 1);
PHP;
$modules = [];
foreach (explode("\0", file_get_contents('/proc/self/cmdline')) as $argument) {
    if (str_starts_with($argument, 'extension=')) {
        array_push($modules, '-d', $argument);
    }
}
$worker = proc_open([PHP_BINARY, '-n', ...$modules, '-r', $script], [3 => $theirs, 2 => ['pipe', 'w']], $pipes);
fclose($theirs);
foreach (['again', 'fork', 'fork and throw', 'fork between', 'again'] as $id => $body) {
    $frame = "job $id\n$body";
    fwrite($ours, pack('N', strlen($frame)) . $frame);
}
stream_socket_shutdown($ours, STREAM_SHUT_WR);
while ($header = stream_get_contents($ours, 4)) {
    echo stream_get_contents($ours, unpack('N', $header)[1]), "\n";
}
echo preg_replace('/^(#|Stack|  thrown|$).*\n/m', '', stream_get_contents($pipes[2]));
var_dump(proc_close($worker));
?>
--EXPECTF--
done 0
done 1
done 2
done 3
done 4
a job's function, or a child that it has forked, can't take jobs itself
a child that a job's function has forked must end in it: the job is its parent's
a job's function, or a child that it has forked, can't take jobs itself
Exception: of the child in %s
a child that a job's function has forked must end in it: the job is its parent's
a job's function, or a child that it has forked, can't take jobs itself
a child that a job's function has forked must end in it: the job is its parent's
a job's function, or a child that it has forked, can't take jobs itself
a job's function, or a child that it has forked, can't take jobs itself
int(0)

--TEST--
Worker::run works on the jobs of trellis run: what is returned and thrown decides, and SIGTERM ends it between two jobs
--EXTENSIONS--
trellis
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) echo 'skip valgrind knows no pidfd_open, and is slow'; ?>
--FILE--
<?php
// The supervisor's side, in frames on descriptor 3.
[$ours, $theirs] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
$script = <<<'PHP'
$worked = Trellis\Worker::run(function (string $body, string $id) {
    return match ($body) {
        'done' => null, 'true' => true, 'false' => false, 'later' => 30,
        'retry' => Trellis\Worker::RETRY, 'bury' => Trellis\Worker::BURY,
        'throw' => throw new RuntimeException("job $id"),
        'term' => exec('kill -TERM ' . getmypid()) === '',
        default => strlen($body) === 3 << 20 ? null : false,
    };
});
fwrite(STDERR, "worked on $worked\n");
PHP;
$modules = [];
foreach (explode("\0", file_get_contents('/proc/self/cmdline')) as $argument) {
    if (str_starts_with($argument, 'extension=')) {
        array_push($modules, '-d', $argument);
    }
}
$worker = proc_open([PHP_BINARY, '-n', ...$modules, '-r', $script], [3 => $theirs, 2 => ['pipe', 'w']], $pipes);
fclose($theirs);
$bodies = ['done', 'true', 'false', 'later', 'retry', 'bury', 'throw', str_repeat('x', 3 << 20), 'term', 'done'];
foreach ($bodies as $id => $body) {
    $frame = "job $id\n$body";
    fwrite($ours, pack('N', strlen($frame)) . $frame);
}
while ($header = stream_get_contents($ours, 4)) {
    echo stream_get_contents($ours, unpack('N', $header)[1]), "\n";
}
echo preg_match('/RuntimeException: job 6/', $errors = stream_get_contents($pipes[2])) ? "the exception is in the log\n" : $errors;
echo preg_match('/worked on \d+/', $errors, $match) ? $match[0] : $errors, "\n";
var_dump(proc_close($worker));
try {
    Trellis\Worker::run(fn() => null);
} catch (Trellis\WorkerException $exception) {
    echo $exception->getMessage(), "\n";
}
?>
--EXPECT--
done 0
done 1
fail 2
retry 3 30
retry 4
bury 5
fail 6
done 7
done 8
the exception is in the log
worked on 9
int(0)
descriptor 3 is no socket; let `trellis run` start this script, with mode = "stream"

--TEST--
Handlers of signals run while a reserve waits; what they throw ends it, and the object can be used again
--EXTENSIONS--
beanstalk
pcntl
--FILE--
<?php
require __DIR__ . '/common.inc';
pcntl_async_signals(true);
/** Sends this process a signal as soon as it waits for a job. */
function signal_when_waiting(Beanstalk $other, string $tube): int
{
    $process = getmypid();
    return child(function () use ($other, $tube, $process) {
        until_waiting($other, $tube);
        exec("kill -s ALRM $process");
    });
}
with_each_server(function (string $host, int $port) {
    $tube = tube();
    $b = classic($host, $port);
    $b->watch($tube);
    $b->ignore('default');
    $pool = pool($host, $port, $tube);
    $other = classic($host, $port);
    echo "--- a handler that puts a job by another object\n";
    pcntl_signal(SIGALRM, function () use ($other, $tube) { $other->put($tube, 'from the handler'); });
    $child = signal_when_waiting($other, $tube);
    $job = $b->reserve($tube);
    show(fn() => [$job['data'], $b->delete($job['id'])]);
    ended($child);
    $child = signal_when_waiting($other, $tube);
    show(fn() => $pool->reserve()->delete());
    ended($child);
    echo "--- a handler that uses the same object\n";
    pcntl_signal(SIGALRM, function () use ($b, $tube, $other) {
        show(fn() => $b->put($tube, 'x'));
        show(fn() => $b->reserve($tube, 0));
        show(fn() => $b->addserver('localhost'));
        $other->put($tube, 'end');
    });
    $child = signal_when_waiting($other, $tube);
    $job = $b->reserve($tube);
    show(fn() => [$job['data'], $b->delete($job['id'])]);
    ended($child);
    echo "--- a handler that throws\n";
    pcntl_signal(SIGALRM, function () { throw new LogicException('enough'); });
    $child = signal_when_waiting($other, $tube);
    show(fn() => $b->reserve($tube));
    ended($child);
    show(fn() => $b->put($tube, 'y') > 0 && $b->reserve($tube, 1)['data'] === 'y');
    $child = signal_when_waiting($other, $tube);
    show(fn() => $pool->reserve());
    ended($child);
    show(fn() => $pool->connect() === $pool);
    pcntl_signal(SIGALRM, SIG_DFL);
});
echo "--- exit in a handler\n";
[$host, $port] = servers()[0];
pcntl_signal(SIGALRM, function () { echo "leaving\n"; exit(0); });
$tube = tube();
[$b, $other] = [classic($host, $port), classic($host, $port)];
$b->watch($tube);
signal_when_waiting($other, $tube);
register_shutdown_function(function () { echo "shut down\n"; });
$b->reserve();
echo "not reached\n";
?>
--EXPECT--
--- a handler that puts a job by another object
["from the handler",true]
true
--- a handler that uses the same object
BeanstalkException 6052: the object waits for a job in reserve(): make another one for what a signal's handler does
BeanstalkException 6052: the object waits for a job in reserve(): make another one for what a signal's handler does
BeanstalkException 6052: the object waits for a job in reserve(): make another one for what a signal's handler does
["end",true]
--- a handler that throws
LogicException 0: enough
true
LogicException 0: enough
true
--- exit in a handler
leaving
shut down

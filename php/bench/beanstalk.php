<?php
/**
 * put, reserve and delete of one job after the other: the module beside a client in PHP alone, in turns.
 *
 *     php -d extension=/…/beanstalk.so beanstalk.php HOST:PORT [ROUNDS]
 */
require __DIR__ . '/StreamClient.php';

const JOBS = 2_000;
const BODY_BYTES = 128;

$address = $argv[1] ?? '127.0.0.1:11300';
$rounds = (int) ($argv[2] ?? 9);
[$host, $port] = explode(':', $address);
$tube = 'bench-' . getmypid();
$body = str_repeat('x', BODY_BYTES);

$stream = new StreamClient($address);
$stream->useTube($tube);
$stream->watch($tube);
$module = new Beanstalk();
$module->addserver($host, (int) $port);
$module->use($tube);
$module->watch($tube);

$clients = [
    'streams' => function () use ($stream, $body): void {
        $stream->put($body);
        $stream->delete($stream->reserveWithTimeout(1));
    },
    'module' => function () use ($module, $tube, $body): void {
        $module->put($tube, $body);
        $module->delete($module->reserve($tube, 1)['id']);
    },
];

/** @return array{float, float} seconds by the clock and of this process's time for a job */
function measure(callable $once): array
{
    $processor = fn() => array_sum(array_map(
        fn($key) => getrusage()["ru_$key.tv_sec"] + getrusage()["ru_$key.tv_usec"] / 1e6,
        ['utime', 'stime'],
    ));
    [$began, $used] = [hrtime(true), $processor()];
    for ($i = 0; $i < JOBS; $i++) {
        $once();
    }
    return [(hrtime(true) - $began) / 1e9 / JOBS, ($processor() - $used) / JOBS];
}

function median(array $values): float
{
    sort($values);
    return $values[intdiv(count($values), 2)];
}

$times = $processor = [];
foreach ($clients as $once) {
    measure($once);
}
for ($round = 0; $round < $rounds; $round++) {
    foreach ($clients as $name => $once) {
        [$times[$name][], $processor[$name][]] = measure($once);
    }
}
foreach (array_keys($clients) as $name) {
    printf(
        "%-8s %7.1f µs a job, %5.1f µs of them PHP's processor time\n",
        $name,
        median($times[$name]) * 1e6,
        median($processor[$name]) * 1e6,
    );
}
printf(
    "ratio    %7.2f, %5.2f of processor time (medians of %d rounds of %d jobs with %d bytes)\n",
    median($times['streams']) / median($times['module']),
    median($processor['streams']) / median($processor['module']),
    $rounds,
    JOBS,
    BODY_BYTES,
);

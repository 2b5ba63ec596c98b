<?php
/**
 * get and set on one connection, and how soon a watcher is called while its script sleeps: the module beside a client in PHP
 * alone, and beside the C extension of the same name where there is one, in turns.
 *
 *     php zookeeper.php HOST:PORT /…/zookeeper.so [/…/the-c-extensions/zookeeper.so]
 */
const ROUNDS = 25;
const CALLS = 500;
const EVENTS = 500;
const BODY_BYTES = 128;
const OPEN = [['perms' => 31, 'scheme' => 'world', 'id' => 'anyone']];

[, $command, $address] = $argv + [1 => '', 2 => ''];
match ($command) {
    'serve' => serve($address, $argv[3]),
    'sleep' => sleeper($address, $argv[3]),
    default => compare($command, array_slice($argv, 2)),
};

/** Starts one PHP for each client, since only one module of a name can be loaded, and has them work in turns. */
function compare(string $address, array $modules): void
{
    if ($modules === []) {
        exit("usage: php zookeeper.php HOST:PORT MODULE [C-EXTENSION]\n");
    }
    $clients = ['module' => $modules[0], 'streams' => null];
    if (isset($modules[1])) {
        $clients['C'] = $modules[1];
    }
    $path = '/bench-' . getmypid();
    $script = fn(?string $module, string $command) => new Script($module, $command, $address, $path);
    $maker = $script($modules[0], 'serve');
    $maker->ask('create');
    $scripts = array_map(fn($module) => $script($module, 'serve'), $clients);
    foreach (['get', 'set'] as $work) {
        $times = [];
        for ($round = 0; $round < ROUNDS; $round++) {
            foreach ($scripts as $name => $client) {
                $times[$name][] = (float) $client->ask($work);
            }
        }
        foreach ($times as $name => $of) {
            $ratio = $name === 'module' ? '' : sprintf(', %.2f times the module\'s', min($of) / min($times['module']));
            printf("%s  %-8s %7.1f µs in the round that was disturbed least%s\n", $work, $name, min($of), $ratio);
        }
    }
    $sleeper = $script($modules[0], 'sleep');
    $sleeper->read();
    $maker->ask('events');
    echo $sleeper->read();
    $maker->ask('delete');
}

/** Does what it is asked for on its standard input, with a client of its own, and says how long a call took in µs. */
function serve(string $address, string $path): void
{
    if (!class_exists('Zookeeper', false)) {
        require __DIR__ . '/StreamZookeeper.php';
    }
    $zookeeper = class_exists('Zookeeper', false) ? new Zookeeper($address) : new StreamZookeeper($address);
    $body = str_repeat('x', BODY_BYTES);
    $work = [
        'get' => fn() => measure(fn() => $zookeeper->get($path, null, $stat)),
        'set' => fn() => measure(fn() => $zookeeper->set($path, $body, -1, $stat)),
        'create' => fn() => $zookeeper->create($path, $body, OPEN),
        'delete' => fn() => $zookeeper->delete($path),
        'events' => function () use ($zookeeper, $path) {
            for ($i = 0; $i < EVENTS; $i++) {
                usleep(random_int(1_000, 5_000));
                $zookeeper->set($path, (string) hrtime(true));
            }
            $zookeeper->set($path, 'end');
        },
    ];
    while ($line = fgets(STDIN)) {
        echo $work[trim($line)](), "\n";
    }
}

/** Sleeps, and says how long after the beginning of each set its watcher was called. */
function sleeper(string $address, string $path): void
{
    $zookeeper = new Zookeeper($address);
    $late = [];
    $watcher = function () use ($zookeeper, $path, &$watcher, &$late, &$over) {
        $now = hrtime(true);
        $began = $zookeeper->get($path, $watcher);
        $over = $began === 'end';
        $over || $late[] = ($now - (int) $began) / 1_000;
    };
    $zookeeper->get($path, $watcher);
    echo "ready\n";
    while (!$over) {
        sleep(1);
    }
    sort($late);
    $at = fn(float $share) => $late[(int) ($share * (count($late) - 1))];
    $line = "a watcher is called while the script sleeps: half of %d within %.0f µs of the set's beginning, 95%% within %.0f µs\n";
    printf($line, count($late), $at(0.5), $at(0.95));
}

function measure(callable $call): float
{
    $began = hrtime(true);
    for ($i = 0; $i < CALLS; $i++) {
        $call();
    }
    return (hrtime(true) - $began) / 1_000 / CALLS;
}

/** This script in another PHP. */
final class Script
{
    private array $pipes = [];
    /** @var resource */
    private $process;

    public function __construct(?string $module, string ...$arguments)
    {
        $load = $module === null ? [] : ['-d', "extension=$module"];
        $command = [PHP_BINARY, '-n', ...$load, __FILE__, ...$arguments];
        $this->process = proc_open($command, [['pipe', 'r'], ['pipe', 'w']], $this->pipes);
    }

    public function ask(string $work): string
    {
        fwrite($this->pipes[0], "$work\n");
        return $this->read();
    }

    public function read(): string
    {
        $line = fgets($this->pipes[1]);
        return $line === false ? throw new RuntimeException('a client has ended') : $line;
    }
}

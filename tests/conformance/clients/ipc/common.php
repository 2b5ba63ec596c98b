<?php
// What the scripts share: checks that end the script, and trellis as a command.
error_reporting(E_ALL & ~E_DEPRECATED);

function check(string $what, mixed $found, mixed $wanted): void
{
    if ($found !== $wanted) {
        fwrite(STDERR, "$what\nfound:  " . var_export($found, true) . "\nwanted: " . var_export($wanted, true) . "\n");
        exit(1);
    }
}

/** Runs `trellis ipc` with these arguments; returns its exit code and what it has written. */
function ipc(array $arguments, string $input = ''): array
{
    global $argv;
    $streams = [['pipe', 'r'], ['pipe', 'w'], ['pipe', 'w']];
    $process = proc_open([$argv[1], 'ipc', ...array_map('strval', $arguments)], $streams, $pipes);
    fwrite($pipes[0], $input);
    fclose($pipes[0]);
    $output = stream_get_contents($pipes[1]);
    $errors = stream_get_contents($pipes[2]);
    return [proc_close($process), $output . $errors];
}

/** Runs it, and it has to work. */
function ipc_ok(array $arguments, string $input = ''): string
{
    [$code, $output] = ipc($arguments, $input);
    check("trellis ipc " . implode(' ', $arguments) . ": $output", $code, 0);
    return $output;
}

/** A key that nobody else has. */
function free_key(string $letter): int
{
    $file = tempnam(sys_get_temp_dir(), 'trellis');
    register_shutdown_function(fn () => @unlink($file));
    return ftok($file, $letter);
}

$seed = isset($argv[2]) ? (int) $argv[2] : random_int(0, PHP_INT_MAX);
mt_srand($seed);

--TEST--
A daemon starts once, tells its pid, and stops
--EXTENSIONS--
trellis
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) echo 'skip valgrind knows no pidfd_open, and is slow'; ?>
--FILE--
<?php
$folder = sys_get_temp_dir() . '/trellis-daemon-' . getmypid();
mkdir($folder);
$daemon = new Trellis\Daemon("$folder/pid", "$folder/log");
var_dump($daemon->status(), $daemon->stop());
ob_start();
echo "printed by the launcher\n";
$pid = $daemon->start();
if ($pid === 0) {
    ob_end_clean();
    set_time_limit(600);
    pcntl_signal(SIGTERM, function () { echo "told to stop\n"; exit; });
    echo "in the daemon\n";
    while (true) {
        sleep(60);
    }
}
ob_end_flush();
var_dump($daemon->status() === $pid, trim(file_get_contents("$folder/pid")) === (string) $pid);
try {
    $daemon->start();
} catch (Trellis\DaemonException $exception) {
    echo str_replace([$folder, (string) $pid], ['FOLDER', 'PID'], $exception->getMessage()), "\n";
}
// Before it has a handler, SIGTERM would simply end it.
while (!file_get_contents("$folder/log")) {
    usleep(1000);
}
var_dump($daemon->stop() === $pid, $daemon->status(), file_exists("$folder/pid"));
echo file_get_contents("$folder/log");
array_map('unlink', glob("$folder/*"));
rmdir($folder);
try {
    (new Trellis\Daemon('/nonexistent/pid'))->start();
} catch (Trellis\DaemonException $exception) {
    echo preg_replace('/:.*/', '', $exception->getMessage()), "\n";
}
ini_set('open_basedir', __DIR__);
foreach (['/nonexistent/pid', '/nonexistent/log', '/nonexistent'] as $place => $path) {
    $paths = array_fill(0, 3, __DIR__ . '/none');
    $paths[$place] = $path;
    foreach ($place === 0 ? ['start', 'status', 'stop'] : ['start'] as $method) {
        try {
            (new Trellis\Daemon(...$paths))->$method();
        } catch (Trellis\DaemonException $exception) {
            echo "$method: ", $exception->getMessage(), "\n";
        }
    }
}
?>
--EXPECTF--
NULL
NULL
printed by the launcher
bool(true)
bool(true)
it is already running as process PID (says FOLDER/pid)
bool(true)
NULL
bool(false)
in the daemon
told to stop
%s
start: open_basedir does not allow /nonexistent/pid
status: open_basedir does not allow /nonexistent/pid
stop: open_basedir does not allow /nonexistent/pid
start: open_basedir does not allow /nonexistent/log
start: open_basedir does not allow /nonexistent

--TEST--
A daemon can be started after timers that have fired, and says what is in its way otherwise
--EXTENSIONS--
trellis
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) echo 'skip valgrind knows no pidfd_open, and is slow'; ?>
--FILE--
<?php
require __DIR__ . '/common.inc';
use Trellis\{Daemon, Timer};
$folder = sys_get_temp_dir() . '/trellis-daemon-' . getmypid();
mkdir($folder);
$daemon = new Daemon("$folder/pid", "$folder/log");
Timer::after(1, function () use (&$fired) { $fired = true; });
while (!$fired);
$timer = Timer::every(60000, fn() => null);
show(fn() => $daemon->start());
$timer->cancel();
if ($daemon->start() === 0) {
    Timer::after(1, function () { echo "a timer of the daemon's\n"; touch($GLOBALS['folder'] . '/fired'); });
    sleep(60);
    exit;
}
while (!file_exists("$folder/fired")) {
    usleep(1000);
    clearstatcache();
}
var_dump($daemon->stop() > 0);
echo file_get_contents("$folder/log");
// And there are timers again here.
Timer::after(1, function () { echo "fired\n"; });
usleep(100_000);
array_map('unlink', glob("$folder/*"));
rmdir($folder);
?>
--EXPECT--
Trellis\DaemonException: there are timers or sessions, which a daemon can't take with it: start it before them
bool(true)
a timer of the daemon's
fired

--TEST--
The daemon of old starts once and is stopped by its own command
--EXTENSIONS--
trellis
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) echo 'skip valgrind knows no pidfd_open, and is slow'; ?>
--FILE--
<?php
const SECONDS = 10;
// Where scripts are run, and the folder `run` that this one needs beside it.
$folder = '/tmp/seed-daemon-' . getmypid();
mkdir("$folder/run", recursive: true);
putenv("TMPDIR=$folder");
require 'run.inc';
$script = text_of('10_daemon.php');
var_dump(run($script));
$handle = fopen("$folder/run/deamon.pid", 'c+');
while (!($pid = (int) stream_get_contents($handle, -1, 0))) {
    usleep(10000);
}
echo run($script);
run($script, null, 'kill');
while (!flock($handle, LOCK_EX | LOCK_NB)) {
    usleep(10000);
}
echo "it has ended\n";
unlink("$folder/run/deamon.pid");
rmdir("$folder/run");
rmdir($folder);
?>
--EXPECT--
string(0) ""
Deamon is already running...
it has ended

--TEST--
The example of a fleet does its work, and what fails is set aside
--EXTENSIONS--
trellis
beanstalk
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) echo 'skip valgrind would only see this script, and not the workers'; ?>
--FILE--
<?php
require __DIR__ . '/common.inc';
$folder = sys_get_temp_dir() . '/fleet-' . getmypid();
mkdir("$folder/ini", recursive: true);
foreach (glob(dirname(__DIR__, 2) . '/examples/fleet/*') as $file) copy($file, "$folder/" . basename($file));
// The modules of this test, as the page says, and its PHP; and a server of its own.
preg_match_all('#extension=\S+/(?:trellis|beanstalk)\.so#', str_replace("\0", "\n", file_get_contents('/proc/self/cmdline')), $modules);
file_put_contents("$folder/ini/modules.ini", implode("\n", $modules[0]) . "\n");
putenv("PHP_INI_SCAN_DIR=$folder/ini");
symlink(PHP_BINARY, "$folder/ini/php");
putenv("PATH=$folder/ini:" . getenv('PATH'));
[$zookeeper, $server, $beanstalk] = server();
$config = file_get_contents("$folder/workers.toml");
file_put_contents("$folder/workers.toml", "[server]\nzookeeper = \"$zookeeper\"\nbeanstalk = \"$beanstalk\"\n\n$config");
$log = ['file', "$folder/log", 'a'];
$fleet = proc_open([getenv('TRELLIS_PROGRAM'), 'run', '--config', 'workers.toml'], [['file', '/dev/null', 'r'], $log, $log], $pipes, $folder);
echo shell_exec(PHP_BINARY . " $folder/producer.php " . substr(strrchr($beanstalk, ':'), 1));
$queue = new Beanstalk;
$queue->addserver('127.0.0.1', (int) substr(strrchr($beanstalk, ':'), 1));
do {
    usleep(10000);
    $tube = $queue->stats_tube('thumbnails');
} while ($tube['cmd-delete'] < 20 || $tube['current-jobs-buried'] < 1);
proc_terminate($fleet);
var_dump(proc_close($fleet));
proc_terminate($server);
$said = file_get_contents("$folder/log");
preg_match_all('/(thumbnails\.\d) \| job \d+: picture\d+\.png is 200 wide now/', $said, $lines);
var_dump(count($lines[0]), count(array_unique($lines[1])) > 1, substr_count($said, "RuntimeException: broken.png can't be read"));
array_map('unlink', [...glob("$folder/*.*"), "$folder/ini/modules.ini", "$folder/ini/php", "$folder/log"]);
rmdir("$folder/ini");
@rmdir($folder);
?>
--EXPECT--
21 jobs are in the queue
int(0)
int(20)
bool(true)
int(3)

--TEST--
The scripts with signals in empty loops: five children complete, and alarms come every three seconds
--EXTENSIONS--
trellis
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) echo 'skip valgrind knows no pidfd_open, and is slow'; ?>
--FILE--
<?php
const SECONDS = 10;
require 'run.inc';
$lines = array_filter(explode("\n", run(text_of('11_sigchld.php'))), fn($line) => str_ends_with($line, 'completed'));
sort($lines);
echo implode("\n", $lines), "\n", run(text_of('12_alarm.php'));
?>
--EXPECT--
Child 1 completed
Child 2 completed
Child 3 completed
Child 4 completed
Child 5 completed
Caught SIGALRM
Caught SIGALRM
Caught SIGALRM

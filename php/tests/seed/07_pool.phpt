--TEST--
The script with a pool of its own runs beside ours
--EXTENSIONS--
trellis
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) echo 'skip valgrind knows no pidfd_open, and is slow'; ?>
--FILE--
<?php
const SECONDS = 60;
require 'run.inc';
$said = run(text_of('07_processpool.php'));
// Its own reaper loses some of the 100.
var_dump(substr_count($said, 'running...'), substr_count($said, 'GOT: ') > 80, str_contains($said, 'rror'));
?>
--EXPECT--
int(100)
bool(true)
bool(false)

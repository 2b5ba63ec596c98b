--TEST--
Scripts with semaphores, shared memory, socket pairs and forks run as they are
--EXTENSIONS--
trellis
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) echo 'skip valgrind knows no pidfd_open, and is slow'; ?>
--FILE--
<?php
const SECONDS = 30;
require 'run.inc';
$room = run(text_of('03_sem.php'));
echo substr_count($room, 'in the room'), ' in the room, ', substr_count($room, 'leave the room'), " left it\n";
$key = (string) mt_rand(1, 1 << 20);
echo run(text_of('05_shared_memory.php'), null, 'send', $key, 'hello'), run(text_of('05_shared_memory.php'), null, 'get', $key);
echo run(text_of('05_shared_memory.php'), null, 'delete', $key);
$lines = explode("\n", trim(run(text_of('06_socketpair.php'))));
sort($lines);
echo implode("\n", $lines), "\n";
var_dump(run(text_of('08_fork.php')));
$said = run(text_of('09_doublefork.php'));
foreach (['run in parent process', 'run in child process.', 'run in grandchild process'] as $part) {
    var_dump(str_contains($said, $part));
}
?>
--EXPECT--
2 in the room, 2 left it
Message sent to shared memory segment.
Received data: hello
Shared memory segment released.
Recieved Message From Child.
Recieved Message From Parent.
string(0) ""
bool(true)
bool(true)
bool(true)

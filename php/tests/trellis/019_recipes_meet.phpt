--TEST--
Recipes meet those of trellis' client in Rust, which meet kazoo's
--EXTENSIONS--
trellis
--FILE--
<?php
require __DIR__ . '/common.inc';
use Trellis\{Barrier, DoubleBarrier, Election, Lock, Queue, Semaphore, SharedLock};
$program = dirname(getenv('TRELLIS_PROGRAM')) . '/examples/recipes';
$other = proc_open([$program, hosts()], [['pipe', 'r'], ['pipe', 'w']], $pipes);
/** Has the other do something, and returns its answer. */
function tell(string $command): string {
    fwrite($GLOBALS['pipes'][0], "$command\n");
    return answer();
}
function answer(): string {
    return trim(fgets($GLOBALS['pipes'][1]));
}
$lock = new Lock(hosts(), $path = path('lock'), 'php');
echo tell("lock $path"), "\n";
var_dump($lock->acquire(0.05), $lock->contenders());
fwrite($pipes[0], "release $path\n");
var_dump($lock->acquire(20));
echo answer(), ', ', tell("trylock $path"), ', contenders ', tell("contenders $path"), "\n";
$lock->release();
$shared = new SharedLock(hosts(), $path = path('shared'));
echo tell("read $path"), "\n";
var_dump($shared->acquireWrite(0.05), $shared->acquireRead(20));
echo tell("release $path"), ', ', tell("write $path"), "\n";
$semaphore = new Semaphore(hosts(), $path = path('semaphore'), 1);
echo tell("lease $path 1"), "\n";
var_dump($semaphore->acquire(0.05));
echo tell("release $path"), "\n";
var_dump($semaphore->acquire(20));
$election = new Election(hosts(), $path = path('election'), 'php');
echo tell("elect $path"), "\n";
var_dump($election->campaign(0.05), $election->leader());
echo tell("release $path"), "\n";
var_dump($election->campaign(20), $election->leader());
$barrier = new Barrier(hosts(), $path = path('barrier'));
echo tell("raise $path"), "\n";
var_dump($barrier->wait(0.05));
echo tell("lower $path"), "\n";
var_dump($barrier->wait(20));
$double = new DoubleBarrier(hosts(), $path = path('double'), 2);
fwrite($pipes[0], "enter $path 2\n");
var_dump($double->enter(20));
echo answer(), "\n";
fwrite($pipes[0], "leave $path 2\n");
var_dump($double->leave(20));
echo answer(), "\n";
$queue = new Queue(hosts(), $path = path('queue'));
$queue->put('from php');
echo tell("take $path"), ', ', tell("put $path from-rust 100"), "\n";
var_dump($queue->take(20));
fclose($pipes[0]);
var_dump(proc_close($other));
?>
--EXPECT--
held
bool(false)
array(1) {
  [0]=>
  string(4) "rust"
}
bool(true)
released, not held, contenders php
held
bool(false)
bool(true)
released, not held
held
bool(false)
released
bool(true)
held
bool(false)
string(4) "rust"
released
bool(true)
string(3) "php"
raised
bool(false)
true
bool(true)
bool(true)
held
bool(true)
true
from php, put
string(9) "from-rust"
int(0)

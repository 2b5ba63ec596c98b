--TEST--
Locks, shared locks and elections meet kazoo's, whoever comes first
--EXTENSIONS--
trellis
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) echo 'skip there is nothing in it that others have not done under valgrind'; ?>
--FILE--
<?php
require __DIR__ . '/common.inc';
use Trellis\{Election, Lock, SharedLock};
$other = proc_open([getenv('KAZOO_PYTHON'), __DIR__ . '/kazoo_side.py', hosts()], [['pipe', 'r'], ['pipe', 'w']], $pipes);
/** Has kazoo begin something. */
function begin(string $command): void {
    fwrite($GLOBALS['pipes'][0], "$command\n");
}
function answer(): string {
    return trim(fgets($GLOBALS['pipes'][1]));
}
function tell(string $command): string {
    begin($command);
    return answer();
}
/** Waits until so many wait for a lock, or hold it. */
function until(int $count, callable $contenders): void {
    for ($tries = 0; count($contenders()) < $count && $tries < 2000; $tries++) usleep(10000);
}
echo "A lock: kazoo's, then ours, then kazoo's\n";
$lock = new Lock(hosts(), $path = path('lock'), 'php');
echo tell("lock $path"), "\n";
var_dump($lock->acquire(0.05), $lock->contenders());
begin("release $path");
var_dump($lock->acquire(20));
echo answer(), ', ', tell("trylock $path"), ', contenders ', tell("contenders $path"), "\n";
begin("lock $path");
until(2, $lock->contenders(...));
echo implode(' ', $lock->contenders()), "\n";
$lock->release();
echo answer(), ', ', tell("release $path"), "\n";

echo "A shared lock: both read, and neither writes before the other has read\n";
$shared = new SharedLock(hosts(), $path = path('shared'));
echo tell("read $path"), "\n";
var_dump($shared->acquireWrite(0.05), $shared->acquireRead(20));
echo tell("release $path"), ', ', tell("trywrite $path"), ', ', tell("tryread $path"), ', ', tell("release $path"), "\n";
$shared->release();
echo tell("write $path"), "\n";
var_dump($shared->acquireRead(0.05));
echo tell("release $path"), "\n";
var_dump($shared->acquireWrite(20));
echo tell("tryread $path"), "\n";
$shared->release();

echo "An election: kazoo leads, then we do, then kazoo does\n";
$election = new Election(hosts(), $path = path('election'), 'php');
echo tell("elect $path"), "\n";
var_dump($election->campaign(0.05), $election->leader());
begin("release $path");
var_dump($election->campaign(20), $election->leader());
echo answer(), "\n";
begin("elect $path");
until(2, $election->candidates(...));
$election->resign();
echo answer(), "\n";
var_dump($election->leader());
echo tell("release $path"), "\n";
fclose($pipes[0]);
var_dump(proc_close($other));
?>
--EXPECT--
A lock: kazoo's, then ours, then kazoo's
held
bool(false)
array(1) {
  [0]=>
  string(5) "kazoo"
}
bool(true)
released, not held, contenders php
php kazoo
held, released
A shared lock: both read, and neither writes before the other has read
held
bool(false)
bool(true)
released, not held, held, released
held
bool(false)
released
bool(true)
not held
An election: kazoo leads, then we do, then kazoo does
leads
bool(false)
string(5) "kazoo"
bool(true)
string(3) "php"
released
leads
string(5) "kazoo"
released
int(0)

--TEST--
One holds a lock or leads, many may read, and so many have a lease
--EXTENSIONS--
trellis
--FILE--
<?php
require __DIR__ . '/common.inc';
use Trellis\{Election, Lock, Semaphore, SharedLock, Timer};
$path = path('lock');
[$one, $other] = [new Lock(hosts(), $path, 'one'), new Lock(hosts(), $path, identifier: 'other', sessionTimeout: 5)];
var_dump($one->isHeld(), $one->contenders(), $one->acquire(), $one->isHeld());
var_dump($other->acquire(0), $other->acquire(0.05), $other->isHeld(), $other->contenders());
show(fn() => $one->acquire());
show(fn() => $other->release());
// It is waited for, and others get it in their order.
Timer::after(50, function () use ($one, $other) { show(fn() => $other->acquire()); $one->release(); });
between(40, milliseconds(function () use ($other) { var_dump($other->acquire(20)); }), 5000);
show(fn() => $one->isHeld());
unset($other);
var_dump($one->acquire(20));
$one->release();
// An object that goes gives back what it holds.
(new Lock(hosts(), $path))->acquire();
var_dump($one->acquire(20));
echo "shared\n";
$path = path('shared');
[$a, $b, $c] = [new SharedLock(hosts(), $path), new SharedLock(hosts(), $path), new SharedLock(hosts(), $path, 'c')];
var_dump($a->acquireRead(), $b->acquireRead(20), $c->acquireWrite(0), $c->acquireWrite(0.05), count($c->contenders()));
$a->release();
$b->release();
var_dump($c->acquireWrite(20), $a->acquireRead(0), $b->acquireWrite(0), $a->isHeld(), $c->isHeld(), $c->contenders());
$c->release();
echo "semaphore\n";
$path = path('semaphore');
$leases = array_map(fn($i) => new Semaphore(hosts(), $path, 2, "$i"), range(1, 3));
var_dump($leases[0]->acquire(), $leases[1]->acquire(20), $leases[2]->acquire(0.05));
$holders = $leases[2]->holders();
sort($holders);
echo json_encode($holders), "\n";
$leases[0]->release();
var_dump($leases[2]->acquire(20), $leases[0]->isHeld());
show(fn() => str_replace($path, 'PATH', (new Semaphore(hosts(), $path, 3))->acquire(20)));
echo "election\n";
$path = path('election');
[$one, $other] = [new Election(hosts(), $path, 'one'), new Election(hosts(), $path, 'other')];
var_dump($one->leader(), $one->campaign(), $one->isLeader(), $other->campaign(0.05), $other->leader(), $other->candidates());
$one->resign();
var_dump($other->campaign(20), $one->isLeader(), $one->leader());
show(fn() => $one->resign());
// Without a name, it is the process'.
var_dump((new Lock(hosts(), path('name')))->contenders());
$lock = new Lock(hosts(), path('name'));
$lock->acquire();
var_dump($lock->contenders() === [gethostname() . ':' . getmypid()]);
?>
--EXPECTF--
bool(false)
array(0) {
}
bool(true)
bool(true)
bool(false)
bool(false)
bool(false)
array(1) {
  [0]=>
  string(3) "one"
}
Trellis\CoordinationException: the lock is held by this object already
Trellis\CoordinationException: the lock is not held by this object
Trellis\CoordinationException: a call of this object waits; use another one in handlers
bool(true)
in time
false
bool(true)
bool(true)
shared
bool(true)
bool(true)
bool(false)
bool(false)
int(2)
bool(true)
bool(false)
bool(false)
bool(false)
bool(true)
array(1) {
  [0]=>
  string(1) "c"
}
semaphore
bool(true)
bool(true)
bool(false)
["1","2"]
bool(true)
bool(false)
Trellis\CoordinationException: the semaphore %s/semaphore allows 2 at a time, and not 3: agree on one limit
election
NULL
bool(true)
bool(true)
bool(false)
string(3) "one"
array(1) {
  [0]=>
  string(3) "one"
}
bool(true)
bool(false)
string(5) "other"
Trellis\CoordinationException: the leadership is not held by this object
array(0) {
}
bool(true)

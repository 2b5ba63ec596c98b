--TEST--
Classes of the user's that extend ours, written for old PHP or for new
--EXTENSIONS--
beanstalk
--FILE--
<?php
require __DIR__ . '/common.inc';
[$host, $port] = servers()[0];
class Old extends Beanstalk {
    public $log = [];
    // The parent's constructor isn't called, and there are no types.
    function __construct($host, $port) { $this->addserver($host, $port); }
    function put($tube, $data, $pri = 1024, $delay = 0, $ttr = 60) {
        $this->log[] = "put $data";
        return parent::put($tube, $data, $pri, $delay, $ttr);
    }
    function use($tube) { return parent::use($tube); }
}
class Typed extends BeanstalkPool {
    public function put(mixed $message, int $priority = 1, int $delay = 0, int $ttr = 1): int { return parent::put($message, $priority, $delay, $ttr); }
    public function reserve(?float $timeout = 0): BeanstalkJob { return parent::reserve($timeout); }
    public function useTube(string $tube): static { return parent::useTube($tube); }
}
class MyException extends BeanstalkTimedOutException {}
$tube = tube();
$old = new Old($host, $port);
var_dump($old->PUT($tube, 'a') > 0, $old->log, $old->watch($tube), $old->reserve($tube, 1)['data'], $old instanceof Beanstalk);
$typed = (new Typed)->addServer($host, $port)->useTube($tube)->watchTube($tube);
var_dump(get_class($typed), $typed->put('b') > 0, $typed->reserve(1)->stats()['pri']);
try { $typed->reserve(); } catch (BeanstalkDeadlineSoonException $e) { echo get_class($e), $e->getCode(), "\n"; }
try { throw new MyException('m'); } catch (BeanstalkException $e) { echo get_class($e), "\n"; }
foreach ([fn() => clone $old, fn() => serialize($typed), fn() => unserialize('O:12:"BeanstalkJob":0:{}')] as $call) show($call);
$calls = [[$old, 'list_tube_used'], $old->list_tube_used(...)];
foreach ($calls as $call) var_dump($call() === $tube);
var_dump(array_map([$old, 'watch'], [$tube, 'default']));
// The object is gone before the call has ended.
var_dump((fn() => (new Old($host, $port))->stats_tube(...))()('default')['name']);
?>
--EXPECT--
bool(true)
array(1) {
  [0]=>
  string(5) "put a"
}
bool(true)
string(1) "a"
bool(true)
string(5) "Typed"
bool(true)
int(1)
BeanstalkDeadlineSoonException5054
MyException
Error: Trying to clone an uncloneable object of class Old
Exception 0: Serialization of 'Typed' is not allowed
Exception 0: Unserialization of 'BeanstalkJob' is not allowed
bool(true)
bool(true)
array(2) {
  [0]=>
  bool(true)
  [1]=>
  bool(true)
}
string(7) "default"

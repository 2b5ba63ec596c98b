--TEST--
A class with a state in Rust: extended, cyclic, refused to clone and serialize
--EXTENSIONS--
tour
--FILE--
<?php
class Child extends Tour\Counter {
    public $extra = 3;
    public $self;
    // Old code: the parent's constructor isn't called, and there are no types.
    function __construct() {}
    function add($step = 1) { return parent::add($step) + 100; }
}
$counter = new Tour\Counter;
var_dump($counter->add(), $counter->add(41), Tour\Counter::LIMIT);
$child = new Child;
var_dump($child->add(), $child->add(5), $child->extra, $child instanceof Tour\Counter);
var_dump((new Tour\Counter)->add());
foreach ([fn() => clone $child, fn() => serialize($child), fn() => unserialize('O:5:"Child":0:{}'), fn() => $counter->add('x')] as $call) {
    try {
        $call();
        echo "no error\n";
    } catch (Throwable $error) {
        echo get_class($error), ': ', $error->getMessage(), "\n";
    }
}
for ($i = 0; $i < 10; $i++) {
    $cycle = new Child;
    $cycle->self = $cycle;
}
unset($cycle);
var_dump(gc_collect_cycles());
$add = [$counter, 'add'];
var_dump($add(8), (new ReflectionMethod($counter, 'add'))->invoke($counter, 50));
// The object is gone before the call has ended.
var_dump((function () { return (new Child)->add(...); })()(1));
?>
--EXPECT--
int(1)
int(42)
int(7)
int(101)
int(106)
int(3)
bool(true)
int(1)
Error: Trying to clone an uncloneable object of class Child
Exception: Serialization of 'Child' is not allowed
Exception: Unserialization of 'Child' is not allowed
TypeError: Tour\Counter::add(): Argument #1 ($step) must be of type int, string given
int(10)
int(50)
int(100)
int(101)

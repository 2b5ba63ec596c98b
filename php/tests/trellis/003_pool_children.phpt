--TEST--
A child prints nothing of its parent's, and runs neither its shutdown functions nor its destructors
--EXTENSIONS--
trellis
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) echo 'skip valgrind knows no pidfd_open, and is slow'; ?>
--FILE--
<?php
class Loud {
    public function __construct(private string $name) {}
    public function __destruct() { echo "$this->name destroyed by the ", getmypid() === MAIN ? 'parent' : 'child', "\n"; }
}
define('MAIN', getmypid());
ob_start();
echo "printed once\n";
$mine = new Loud("the parent's object");
register_shutdown_function(function () { echo "the parent's shutdown function\n"; });
$pool = new Trellis\ProcessPool();
$pool->apply(function () use ($mine) {
    echo "from the child\n";
    $own = new Loud("the child's object");
    register_shutdown_function(function () { echo "the child's shutdown function\n"; });
    unset($mine);
});
$pool->getAll();
?>
--EXPECT--
from the child
the child's object destroyed by the child
the child's shutdown function
printed once
the parent's shutdown function
the parent's object destroyed by the parent

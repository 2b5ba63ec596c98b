--TEST--
A pool of a PHP that may not fork says so, and works without forks
--EXTENSIONS--
trellis
--INI--
disable_functions=pcntl_fork
--FILE--
<?php
$pool = new Trellis\ProcessPool();
try {
    $pool->apply(fn() => 'done');
} catch (RuntimeException $exception) {
    echo $exception->getMessage(), "\n";
}
$pool->setForking(false);
var_dump($pool->get(), $pool->getPending());
?>
--EXPECT--
Could not fork: this PHP has no pcntl_fork, or disable_functions in php.ini names it
string(4) "done"
int(0)

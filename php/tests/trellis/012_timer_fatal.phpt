--TEST--
A fatal error in a timer's callback ends the script, and its shutdown functions run
--EXTENSIONS--
trellis
--SKIPIF--
<?php
if (getenv('USE_ZEND_ALLOC') === '0') die('skip what a fatal error jumps past goes with the memory of the request, which is off under valgrind');
?>
--FILE--
<?php
register_shutdown_function(function () { echo "\nthe shutdown function runs\n"; });
Trellis\Timer::after(5, function () { eval('class Closure {}'); });
for (;;);
?>
--EXPECTF--
Fatal error: Cannot %Sdeclare class Closure%S in %s on line 1

the shutdown function runs

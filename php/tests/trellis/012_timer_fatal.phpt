--TEST--
A fatal error in a timer's callback ends the script, and its shutdown functions run
--EXTENSIONS--
trellis
--INI--
memory_limit=16M
--FILE--
<?php
register_shutdown_function(function () { echo "\nthe shutdown function runs\n"; });
Trellis\Timer::every(5, function () { str_repeat('x', 1 << 28); });
for (;;);
?>
--EXPECTF--
Fatal error: Allowed memory size of 16777216 bytes exhausted%s in %s on line 3

the shutdown function runs

--TEST--
A fatal error in a closure ends the script as ever
--DESCRIPTION--
After a fatal error PHP leaves memory to its own allocator, which frees it in one go; valgrind runs PHP without that one.
--ENV--
VALGRIND_OPTS=--leak-check=no
--EXTENSIONS--
courages
--FILE--
<?php
register_shutdown_function(function () { echo "shut down\n"; });
courages_call(function () { eval('class Twice {} class Twice {}'); }, null);
echo "never printed\n";
?>
--EXPECTF--
Fatal error: Cannot %Sdeclare class Twice%S in %s on line 1
shut down

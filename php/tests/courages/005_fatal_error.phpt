--TEST--
A fatal error in a closure ends the script as ever
--EXTENSIONS--
courages
--FILE--
<?php
register_shutdown_function(function () { echo "shut down\n"; });
courages_call(function () { eval('class Twice {} class Twice {}'); }, null);
echo "never printed\n";
?>
--EXPECTF--
Fatal error: Cannot declare class Twice, because the name is already in use in %s on line 1
shut down

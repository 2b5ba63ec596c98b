--TEST--
lib/Beanstalk.php does no harm, and says what is missing without the module
--EXTENSIONS--
beanstalk
--FILE--
<?php
$path = dirname(__DIR__, 2) . '/include';
set_include_path($path);
var_dump(include 'lib/Beanstalk.php', include_once 'lib/Beanstalk.php', get_class(Beanstalk::init()));
$output = shell_exec(PHP_BINARY . " -n -d include_path=$path -r " . escapeshellarg('try { include "lib/Beanstalk.php"; } catch (Error $e) { echo $e->getMessage(); }'));
echo $output, "\n";
?>
--EXPECT--
int(1)
bool(true)
string(13) "BeanstalkPool"
The classes of lib/Beanstalk.php are in a module of PHP that is not loaded: add extension=/path/to/beanstalk.so to the command line, behind -d

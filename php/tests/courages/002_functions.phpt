--TEST--
A greeting, $_SERVER, and PHP functions that are called from Rust
--EXTENSIONS--
courages
--INI--
auto_globals_jit=1
--ENV--
COURAGES_TEST=yes
--FILE--
<?php
var_dump(courages_helloworld('Courages'));
var_dump(courages_helloworld(''));
var_dump(courages_helloworld("zero \0 byte"));
// Nothing in this script names the superglobal, so PHP itself has not filled it.
var_dump(courages_server('COURAGES_TEST'));
var_dump(courages_server('argc'));
var_dump(courages_server('no such key'));
var_dump(courages_sapi() === php_sapi_name());
var_dump(courages_is_dir(__DIR__));
var_dump(courages_is_dir(__FILE__));
?>
--EXPECTF--
string(14) "Hello Courages"
string(6) "Hello "
string(17) "Hello zero %0 byte"
string(3) "yes"
int(1)
NULL
bool(true)
bool(true)
bool(false)

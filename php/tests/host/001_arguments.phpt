--TEST--
Arguments are converted as PHP does it for its own functions, and refused with its own words
--EXTENSIONS--
tour
--FILE--
<?php
function try_it(callable $call) {
    try {
        var_dump($call());
    } catch (Throwable $error) {
        echo get_class($error), ': ', $error->getMessage(), "\n";
    }
}
try_it(fn() => tour_types('a', 5));
try_it(fn() => tour_types(12, '5', 3, 1, [1]));
try_it(fn() => tour_types('a', 1, null, true, null));
try_it(fn() => tour_types(text: 'a', integer: 1, list: [1, 2]));
try_it(fn() => tour_types(new class { function __toString() { return 'object'; } }, 1));
try_it(fn() => tour_types(...));
try_it(fn() => (new ReflectionFunction('tour_types'))->invoke('a', 2));
try_it(fn() => array_map('tour_types', ['a'], [1]));
echo "--- wrong\n";
try_it(fn() => tour_types());
try_it(fn() => tour_types('a'));
try_it(fn() => tour_types(1, 2, 3, 4, [], 6));
try_it(fn() => tour_types([], 1));
try_it(fn() => tour_types('a', 'x'));
try_it(fn() => tour_types('a', 1, []));
try_it(fn() => tour_types('a', 1, null, []));
try_it(fn() => tour_types('a', 1, null, true, 3));
try_it(fn() => tour_types("\xff", 1));
try_it(fn() => tour_types('a', 1.5));
try_it(fn() => tour_types(new class { function __toString() { throw new LogicException('no text'); } }, 1));
?>
--EXPECTF--
string(25) ""a" 5 None None None of 2"
string(40) ""12" 5 Some(3.0) Some(true) Some(1) of 5"
string(31) ""a" 1 None Some(true) None of 5"
string(35) ""a" 1 None Some(false) Some(2) of 5"
string(30) ""object" 1 None None None of 2"
object(Closure)#2 (2) {
  ["function"]=>
  string(10) "tour_types"
  ["parameter"]=>
  array(5) {
    ["$text"]=>
    string(10) "<required>"
    ["$integer"]=>
    string(10) "<required>"
    ["$float"]=>
    string(10) "<optional>"
    ["$flag"]=>
    string(10) "<optional>"
    ["$list"]=>
    string(10) "<optional>"
  }
}
string(25) ""a" 2 None None None of 2"
array(1) {
  [0]=>
  string(25) ""a" 1 None None None of 2"
}
--- wrong
ArgumentCountError: tour_types() expects at least 2 arguments, 0 given
ArgumentCountError: tour_types() expects at least 2 arguments, 1 given
ArgumentCountError: tour_types() expects at most 5 arguments, 6 given
TypeError: tour_types(): Argument #1 ($text) must be of type string, array given
TypeError: tour_types(): Argument #2 ($integer) must be of type int, string given
TypeError: tour_types(): Argument #3 ($float) must be of type ?float, array given
TypeError: tour_types(): Argument #4 ($flag) must be of type bool, array given
TypeError: tour_types(): Argument #5 ($list) must be of type ?array, int given
ValueError: tour_types(): Argument #1 ($text) must be valid UTF-8

Deprecated: Implicit conversion from float 1.5 to int loses precision in %s001_arguments.php on line 27
string(25) ""a" 1 None None None of 2"
LogicException: no text

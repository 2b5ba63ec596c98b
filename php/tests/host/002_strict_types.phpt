--TEST--
A script with strict_types gets no conversions
--EXTENSIONS--
tour
--FILE--
<?php
declare(strict_types=1);
foreach ([fn() => tour_types('a', 5, 3), fn() => tour_types(12, 5), fn() => tour_types('a', '5')] as $call) {
    try {
        var_dump($call());
    } catch (TypeError $error) {
        echo $error->getMessage(), "\n";
    }
}
?>
--EXPECT--
string(30) ""a" 5 Some(3.0) None None of 3"
tour_types(): Argument #1 ($text) must be of type string, int given
tour_types(): Argument #2 ($integer) must be of type int, string given

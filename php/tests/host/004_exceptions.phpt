--TEST--
Exceptions have a file, a line, a trace and a code, and can be made and extended by users
--EXTENSIONS--
tour
--FILE--
<?php
function inner() {
    tour_fail("gone \0 away");
}
try {
    inner();
} catch (TourException $exception) {
    echo get_class($exception), ' < ', get_parent_class($exception), ' < ', get_parent_class('TourException'), "\n";
    var_dump($exception->getMessage(), $exception->getCode(), $exception->getLine());
    echo basename($exception->getFile()) === basename(__FILE__) ? "this file\n" : $exception->getFile();
    echo str_replace(__DIR__ . DIRECTORY_SEPARATOR, '', $exception->getTraceAsString()), "\n";
}
class Own extends Tour\MissingException {}
try {
    throw new Own('own', TourException::CODE, new TourException('cause'));
} catch (Tour\MissingException $exception) {
    var_dump($exception->getCode(), $exception->getPrevious()->getMessage());
}
try {
    tour_fail([]);
} catch (TypeError $error) {
    echo $error->getMessage(), "\n";
}
?>
--EXPECT--
Tour\MissingException < TourException < Exception
string(12) "gone \0 away"
int(-101)
int(3)
this file
#0 004_exceptions.php(3): tour_fail('gone \x00 away')
#1 004_exceptions.php(6): inner()
#2 {main}
int(-101)
string(5) "cause"
tour_fail(): Argument #1 ($message) must be of type string, array given

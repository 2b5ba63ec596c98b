--TEST--
Parameters by reference may be left out, and keep to the type of a property
--EXTENSIONS--
tour
--FILE--
<?php
class Typed {
    public int $number = 0;
    public string $text = '';
    public array $list = [];
}
class Last {
    function __destruct() { global $double; echo 'destroyed when the new value is ', $double, "\n"; }
}
var_dump(tour_outputs(3));
tour_outputs(3, $double, $text);
var_dump($double, $text);
tour_outputs(4, text: $text);
var_dump($text);
$double = new Last;
tour_outputs(5, $double);
$typed = new Typed;
tour_outputs(6, $typed->number, $typed->text);
var_dump($typed->number, $typed->text);
try {
    tour_outputs(7, $typed->list);
} catch (TypeError $error) {
    echo $error->getMessage(), "\n";
}
var_dump($typed->list);
try {
    tour_outputs(-1, $double);
} catch (ValueError $error) {
    echo $error->getMessage(), "\n";
}
var_dump($double);
?>
--EXPECT--
int(3)
int(6)
string(7) "twice 3"
string(7) "twice 4"
destroyed when the new value is 10
int(12)
string(7) "twice 6"
Cannot assign int to reference held by property Typed::$list of type array
array(0) {
}
tour_outputs(): Argument #1 ($value) must not be negative
int(10)

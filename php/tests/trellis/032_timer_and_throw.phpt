--TEST--
A timer that fires during a call which throws is not forgotten
--EXTENSIONS--
trellis
--FILE--
<?php
$fired = false;
Trellis\Timer::after(1, function () use (&$fired) { $fired = true; });
$text = '[' . str_repeat('1,', 4_000_000);
try {
    // It takes longer than that.
    json_decode($text, flags: JSON_THROW_ON_ERROR);
} catch (JsonException $thrown) {
    echo $thrown->getMessage(), "\n";
}
for ($end = hrtime(true) + 5e9; !$fired && hrtime(true) < $end;);
var_dump($fired);
?>
--EXPECT--
Syntax error
bool(true)

--TEST--
A timer that fires during a call which throws is not forgotten, nor is what was thrown
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
// Where it throws, too, the one exception has the other.
Trellis\Timer::after(1, fn() => throw new LogicException('of the timer'));
try {
    try {
        json_decode($text, flags: JSON_THROW_ON_ERROR);
    } finally {
        for ($end = hrtime(true) + 5e9; hrtime(true) < $end;);
    }
} catch (Exception $thrown) {
    for (; $thrown; $thrown = $thrown->getPrevious()) echo get_class($thrown), ': ', $thrown->getMessage(), "\n";
}
?>
--EXPECT--
Syntax error
bool(true)
LogicException: of the timer
JsonException: Syntax error

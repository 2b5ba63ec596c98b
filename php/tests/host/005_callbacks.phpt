--TEST--
Callbacks: what can be called, what can't, and exceptions that pass through
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
try_it(fn() => tour_apply());
try_it(fn() => tour_apply(null));
try_it(fn() => tour_apply(fn($one) => $one + 1));
try_it(fn() => tour_apply('abs'));
try_it(fn() => tour_apply('no_such'));
try_it(fn() => tour_apply(5));
try_it(fn() => tour_apply([new stdClass, 'no']));
try_it(fn() => tour_call(null));
try_it(fn() => tour_call(fn() => tour_call(fn() => 'inner')));
try_it(fn() => tour_apply(fn($one) => throw new LogicException("with $one")));
try_it(fn() => tour_call(fn() => tour_apply(fn() => tour_fail('deep'))));
?>
--EXPECT--
NULL
NULL
int(2)
int(1)
TypeError: tour_apply(): Argument #1 ($callback) must be a valid callback or null, function "no_such" not found or invalid function name
TypeError: tour_apply(): Argument #1 ($callback) must be a valid callback or null, no array or string given
TypeError: tour_apply(): Argument #1 ($callback) must be a valid callback or null, class stdClass does not have a method "no"
TypeError: tour_call(): Argument #1 ($callback) must be a valid callback, no array or string given
string(5) "inner"
LogicException: with 1
Tour\MissingException: deep

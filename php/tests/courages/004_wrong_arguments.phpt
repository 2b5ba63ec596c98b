--TEST--
Wrong arguments are errors that name the argument
--EXTENSIONS--
courages
--FILE--
<?php
$wrong = [
    fn() => courages_helloworld(),
    fn() => courages_helloworld('a', 'b'),
    fn() => courages_helloworld([]),
    fn() => courages_helloworld(5),
    fn() => courages_helloworld("\xff"),
    fn() => courages_server(new stdClass),
    fn() => courages_sapi(1),
    fn() => courages_is_dir(false),
    fn() => courages_call('no_such_function', 1),
    fn() => courages_call(fn() => 1),
];
foreach ($wrong as $call) {
    try {
        $call();
        echo "no error\n";
    } catch (TypeError $error) {
        echo get_class($error), ': ', $error->getMessage(), "\n";
    }
}
?>
--EXPECT--
ArgumentCountError: courages_helloworld() expects exactly 1 argument, 0 given
ArgumentCountError: courages_helloworld() expects exactly 1 argument, 2 given
TypeError: Invalid value given for argument `name`.
TypeError: Invalid value given for argument `name`.
TypeError: Invalid value given for argument `name`.
TypeError: Invalid value given for argument `key`.
ArgumentCountError: courages_sapi() expects exactly 0 arguments, 1 given
TypeError: Invalid value given for argument `path`.
TypeError: Invalid value given for argument `callback`.
ArgumentCountError: courages_call() expects exactly 2 arguments, 1 given

--TEST--
A task's own shutdown functions are called after all ends of its script, of memory too
--EXTENSIONS--
trellis
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) echo 'skip under valgrind memory has no limit'; ?>
--INI--
memory_limit=32M
display_errors=0
--FILE--
<?php
register_shutdown_function(function () { echo "the parent's\n"; });
$ends = [
    'nothing' => fn() => null,
    'exit' => function () { exit(0); },
    'an exception' => function () { throw new Exception('thrown'); },
    'a fatal error' => function () { trigger_error('fatal', E_USER_ERROR); },
    'one allocation too large' => fn() => str_repeat('x', 64 << 20),
    'too many allocations' => function () {
        for ($all = [];; $all[] = str_repeat('x', 1000));
    },
];
foreach ($ends as $name => $end) {
    echo "--- $name\n";
    try {
        (new Trellis\ProcessPool)->apply(function () use ($end) {
            register_shutdown_function(function () {
                // It may do whatever it likes.
                echo strtoupper('the task\'s'), ': ', preg_replace('/( at \S+:\d+)? \(.*/', '', error_get_last()['message'] ?? 'no error'), "\n";
            });
            return $end();
        })->getAll();
    } catch (Trellis\ProcessPoolException $exception) {
        echo preg_replace('/( at \S+:\d+)? \(.*/', '', $exception->getMessage()), "\n";
    }
}
echo "--- the end\n";
?>
--EXPECT--
--- nothing
THE TASK'S: no error
--- exit
THE TASK'S: no error
--- an exception
THE TASK'S: no error
thrown
--- a fatal error
THE TASK'S: fatal
fatal
--- one allocation too large
THE TASK'S: Allowed memory size of 33554432 bytes exhausted
Allowed memory size of 33554432 bytes exhausted
--- too many allocations
THE TASK'S: Allowed memory size of 33554432 bytes exhausted
Allowed memory size of 33554432 bytes exhausted
--- the end
the parent's

--TEST--
After exit and after a fatal error in a timer's callback, timers go on in the shutdown functions
--EXTENSIONS--
trellis
--SKIPIF--
<?php
if (getenv('USE_ZEND_ALLOC') === '0') die('skip what a fatal error jumps past goes with the memory of the request, which is off under valgrind');
?>
--FILE--
<?php
require __DIR__ . '/common.inc';
use Trellis\Timer;
$ends = ['exit' => function () { exit; }, 'a fatal error' => function () { ini_set('display_errors', '0'); eval('class Closure {}'); }];
foreach ($ends as $name => $end) {
    $child = pcntl_fork();
    if ($child !== 0) {
        pcntl_waitpid($child, $status);
        continue;
    }
    register_shutdown_function(function () use ($name) {
        echo "after $name\n";
        $fired = false;
        Timer::after(5, function () use (&$fired) { $fired = true; });
        for ($began = hrtime(true); !$fired && hrtime(true) - $began < 5e9;);
        var_dump($fired, $GLOBALS['beats'] > 0);
        // And while it sleeps.
        Timer::after(5, function () use (&$slept) { throw new LogicException; });
        try {
            sleep(5);
        } catch (LogicException) {
            echo "woken\n";
        }
    });
    Timer::after(5, $end);
    // In the same round, and so not called before the end.
    Timer::after(5, function () { Timer::every(1, function () { $GLOBALS['beats']++; }); });
    $beats = 0;
    for ($began = hrtime(true); hrtime(true) - $began < 5e9;);
    echo "never\n";
}
?>
--EXPECT--
after exit
bool(true)
bool(true)
woken
after a fatal error
bool(true)
bool(true)
woken

--TEST--
After a fatal error, timers go on although a callback's fiber is suspended, and resuming that disturbs none of them
--EXTENSIONS--
trellis
--SKIPIF--
<?php
if (getenv('USE_ZEND_ALLOC') === '0') die('skip what a fatal error jumps past goes with the memory of the request, which is off under valgrind');
?>
--INI--
display_errors=0
--FILE--
<?php
use Trellis\{ProcessPool, Timer};
$fatal = function () {
    $fiber = $GLOBALS['fiber'] = new Fiber(function () {
        Timer::after(1, function () { echo Fiber::suspend(), "\n"; });
        for (; !$GLOBALS['is_over'];);
        echo "the fiber's end\n";
    });
    $GLOBALS['is_over'] = false;
    $fiber->start();
    $GLOBALS['is_over'] = true;
    trigger_error('fatal', E_USER_ERROR);
};
$ends = ['in the script' => $fatal, 'in a call of ours' => fn() => (new ProcessPool(1, false))->apply($fatal)];
foreach ($ends as $where => $end) {
    $child = pcntl_fork();
    if ($child !== 0) {
        pcntl_waitpid($child, $status);
        continue;
    }
    register_shutdown_function(function () use ($where) {
        echo "--- after one $where\n";
        Timer::after(1, function () {
            $GLOBALS['fiber']->resume('resumed in a callback');
            Timer::after(1, function () { echo "another callback\n"; });
            usleep(50000);
            echo "the callback's end\n";
        });
        usleep(200000);
        Timer::after(1, function () use (&$fired) { $fired = true; });
        for ($began = hrtime(true); !$fired && hrtime(true) - $began < 5e9;);
        var_dump($fired);
    });
    $end();
}
?>
--EXPECT--
--- after one in the script
resumed in a callback
the fiber's end
the callback's end
another callback
bool(true)
--- after one in a call of ours
resumed in a callback
the fiber's end
the callback's end
another callback
bool(true)

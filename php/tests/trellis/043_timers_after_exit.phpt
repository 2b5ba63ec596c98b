--TEST--
Timers that the end of a script or of a fiber has cut short fire after it, in code that neither sleeps nor calls
--EXTENSIONS--
trellis
pcntl
--FILE--
<?php
require __DIR__ . '/common.inc';
use Trellis\Timer;
/** Neither sleeps nor calls anything of the module's. */
function spin(bool &$fired): void
{
    for ($began = hrtime(true); !$fired && hrtime(true) - $began < 5e9;);
    var_dump($fired);
    $fired = false;
}
$fired = false;

echo "a fiber that is destroyed\n";
$suspended = false;
$fiber = new Fiber(function () use (&$suspended) {
    Timer::after(1, function () use (&$suspended) {
        $suspended = true;
        Fiber::suspend();
    });
    for ($began = hrtime(true); hrtime(true) - $began < 5e9;);
});
$fiber->start();
Timer::after(1, function () use (&$fired) { $fired = true; });
for ($began = hrtime(true); hrtime(true) - $began < 2e7;);
var_dump($suspended, $fired);
unset($fiber);
spin($fired);

foreach (['a callback' => false, 'a callback in a function in a fiber' => true] as $name => $nested) {
    echo "exit in $name\n";
    ended(child(function () use ($nested, &$fired) {
        register_shutdown_function(function () use (&$fired) { spin($fired); });
        $end = function () use (&$fired) {
            // In the same round.
            Timer::after(0, function () use (&$fired) { $fired = true; });
            // What goes with the callback's variables runs code while the end is under way.
            $last = new class { function __destruct() { for ($count = 0; $count < 1000; $count++) strlen('x'); } };
            exit;
        };
        $work = function () use ($end) {
            Timer::after(0, $end);
            for ($began = hrtime(true); hrtime(true) - $began < 5e9;);
        };
        $nested ? (new Fiber(fn() => array_map($work, [1])))->start() : $work();
    }));
}

echo "exit in a shutdown function's callback\n";
ended(child(function () use (&$fired) {
    // After it, only destructors are called.
    $GLOBALS['last'] = new class($fired) {
        function __construct(private bool &$fired) {}
        function __destruct() { spin($this->fired); }
    };
    register_shutdown_function(function () use (&$fired) {
        Timer::after(0, function () { exit; });
        Timer::after(0, function () use (&$fired) { $fired = true; });
        for ($began = hrtime(true); hrtime(true) - $began < 5e9;);
    });
}));
?>
--EXPECT--
a fiber that is destroyed
bool(true)
bool(false)
bool(true)
exit in a callback
bool(true)
exit in a callback in a function in a fiber
bool(true)
exit in a shutdown function's callback
bool(true)

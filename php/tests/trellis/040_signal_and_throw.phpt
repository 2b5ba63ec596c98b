--TEST--
A signal that comes during a call which throws is not lost, in a timer's callback either; where a handler throws, too, nothing is freed twice
--EXTENSIONS--
trellis
pcntl
posix
--FILE--
<?php
require __DIR__ . '/common.inc';
// Long enough to be interrupted, under valgrind, too.
$text = '[' . str_repeat('1,', getenv('USE_ZEND_ALLOC') === '0' ? 100_000 : 4_000_000);
/** Throws in a call that takes a while, and has a signal sent meanwhile. */
function decode(): void
{
    $me = getmypid();
    // The child ends at once, with nothing of its parent's to give back.
    child(function () use ($me) { usleep(5000); posix_kill($me, SIGUSR1); pcntl_exec('/bin/true'); });
    json_decode($GLOBALS['text'], flags: JSON_THROW_ON_ERROR);
}
pcntl_signal(SIGUSR1, function () { $GLOBALS['heard'] = true; });
$waits = [
    'decode',
    function () { Trellis\Timer::after(1, 'decode'); sleep(5); },
    function () { Trellis\Timer::after(1, 'decode'); for ($end = hrtime(true) + 5e9; hrtime(true) < $end;); },
];
foreach ($waits as $wait) {
    $heard = false;
    show(fn() => $wait());
    // No wait for the child, which would hear the signal itself.
    for ($end = hrtime(true) + 5e9; !$heard && hrtime(true) < $end;);
    var_dump($heard);
    pcntl_wait($status);
}
// What the handler throws has the other exception. It leaves from the catch; from PHP 8.4 on, it comes before that.
pcntl_signal(SIGUSR1, function () { throw new LogicException('of the handler'); });
do {
    try {
        try {
            $held = ["freed $heard", decode()];
        } catch (Exception $thrown) {
            $where = 'inside';
        }
        // The signal comes too late, or has come too early.
        for ($end = hrtime(true) + 30e9; $thrown instanceof JsonException && hrtime(true) < $end;);
    } catch (Exception $thrown) {
        $where = 'outside';
    }
    pcntl_wait($status);
} while (!$thrown->getPrevious());
echo get_class($thrown), ' after ', get_class($thrown->getPrevious()), "\n";
var_dump($where === (PHP_VERSION_ID < 80400 ? 'outside' : 'inside'));
?>
--EXPECT--
JsonException: Syntax error
bool(true)
JsonException: Syntax error
bool(true)
JsonException: Syntax error
bool(true)
LogicException after JsonException
bool(true)

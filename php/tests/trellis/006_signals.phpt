--TEST--
Handlers of signals run in loops without ticks, unless php.ini says otherwise
--EXTENSIONS--
trellis
--FILE--
<?php
pcntl_signal(SIGALRM, function () { echo "an alarm\n"; exit; });
pcntl_alarm(1);
var_dump(ini_get('trellis.async_signals'), pcntl_async_signals());
while (true) {
}
?>
--EXPECT--
string(1) "1"
bool(true)
an alarm

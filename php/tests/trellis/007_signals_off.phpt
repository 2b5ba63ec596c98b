--TEST--
trellis.async_signals = 0 leaves signals as PHP has them
--EXTENSIONS--
trellis
--INI--
trellis.async_signals=0
--FILE--
<?php
var_dump(pcntl_async_signals());
?>
--EXPECT--
bool(false)

--TEST--
A mistake in Rust is an Error in PHP, and the script goes on
--EXTENSIONS--
tour
--ENV--
RUST_BACKTRACE=0
--FILE--
<?php
try {
    tour_panic();
} catch (Error $error) {
    echo $error->getMessage(), ' line ', $error->getLine(), "\n";
}
?>
--EXPECTF--
%A
a mistake of ours
%ARust panic: a mistake of ours line 3

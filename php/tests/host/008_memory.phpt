--TEST--
Many calls leave no memory behind
--EXTENSIONS--
tour
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) die('skip it takes a second, and minutes under valgrind'); ?>
--FILE--
<?php
/** Resident memory in KiB, which also counts what Rust has allocated. */
function resident(): int {
    return (int) explode(' ', file_get_contents('/proc/self/statm'))[1] * 4;
}
$round = function () {
    tour_types(12, '5', 3, 1, [1, 2]);
    tour_outputs(3, $double, $text);
    tour_apply(fn($one) => "$one");
    try { tour_types([], 1); } catch (TypeError) {}
    try { tour_fail('gone'); } catch (TourException) {}
    (new Tour\Counter)->add(1);
};
for ($i = 0; $i < 1_000; $i++) $round();
$before = [memory_get_usage(), resident()];
for ($i = 0; $i < 170_000; $i++) $round();
$grown = memory_get_usage() - $before[0];
echo $grown < 1_000 ? 'PHP: flat' : "PHP: $grown bytes more", "\n";
$grown = resident() - $before[1];
echo $grown < 512 ? 'process: flat' : "process: $grown KiB more", "\n";
?>
--EXPECT--
PHP: flat
process: flat

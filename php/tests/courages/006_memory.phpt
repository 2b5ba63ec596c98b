--TEST--
Many calls leave no memory behind
--EXTENSIONS--
courages
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) die('skip it takes a second, and minutes under valgrind'); ?>
--FILE--
<?php
/** Resident memory in KiB, which also counts what Rust has allocated. */
function resident(): int {
    return (int) explode(' ', file_get_contents('/proc/self/statm'))[1] * 4;
}
$array = ['a' => str_repeat('x', 100)];
$round = function () use ($array) {
    courages_helloworld('name' . random_int(0, 9));
    courages_server('argv');
    courages_sapi();
    courages_call(fn($value) => $value, $array);
    try { courages_helloworld([]); } catch (TypeError) {}
};
for ($i = 0; $i < 1_000; $i++) $round();
$before = [memory_get_usage(), resident()];
for ($i = 0; $i < 200_000; $i++) $round();
$grown = memory_get_usage() - $before[0];
echo $grown < 1_000 ? 'PHP: flat' : "PHP: $grown bytes more", "\n";
$grown = resident() - $before[1];
echo $grown < 512 ? 'process: flat' : "process: $grown KiB more", "\n";
?>
--EXPECT--
PHP: flat
process: flat

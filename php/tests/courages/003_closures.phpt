--TEST--
Whatever can be called is called, and what it throws arrives
--EXTENSIONS--
courages
--FILE--
<?php
class Shop {
    public function __construct(private int $price) {}
    public function times(int $count) { return $this->price * $count; }
    public static function hundred() { return 100; }
}
$seen = [];
var_dump(courages_call(function ($value) use (&$seen) { $seen[] = $value; return count($seen); }, 'a'));
var_dump(courages_call('strtoupper', 'shout'));
var_dump(courages_call([new Shop(7), 'times'], 6));
var_dump(courages_call('Shop::hundred', null));
var_dump(courages_call(fn($value) => $value, [1, 'two' => $seen]) === [1, 'two' => ['a']]);
// One that calls the module again.
var_dump(courages_call(fn($value) => courages_call(fn($inner) => $inner + 1, $value + 1), 1));
try {
    courages_call(function () { throw new DomainException('of the closure', 5); }, null);
} catch (DomainException $exception) {
    echo get_class($exception), ' ', $exception->getMessage(), ' ', $exception->getCode(), ' line ', $exception->getLine(), "\n";
}
try {
    courages_call([new Shop(7), 'times'], 'many');
} catch (TypeError $error) {
    echo $error->getMessage(), "\n";
}
courages_call(function () { exit("exit ends the script\n"); }, null);
echo "never printed\n";
?>
--EXPECTF--
int(1)
string(5) "SHOUT"
int(42)
int(100)
bool(true)
int(3)
DomainException of the closure 5 line 16
Shop::times(): Argument #1 ($count) must be of type int, string given
exit ends the script

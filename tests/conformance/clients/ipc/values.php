<?php
// serialize() against ours: every value comes back from the echo byte for byte.
require __DIR__ . '/common.php';

enum Suit: string { case Hearts = 'h'; case Spades = 's'; }
class Point { public $x = 1; protected $y = 2; private $z = [3]; }
class Own { function __serialize(): array { return [7, 'a' => 8]; } function __unserialize(array $data): void {} }
class Old implements Serializable { function serialize() { return 'a"};b'; } function unserialize($data) {} }

$echo = proc_open([$argv[1]], [['pipe', 'r'], ['pipe', 'w'], STDERR], $pipes);

function echoed(string $bytes): string
{
    global $pipes;
    fwrite($pipes[0], pack('N', strlen($bytes)) . $bytes);
    $length = unpack('N', stream_get_contents($pipes[1], 4))[1];
    return $length ? stream_get_contents($pipes[1], $length) : '';
}

function random_float(): float
{
    return match (mt_rand(0, 4)) {
        0 => unpack('d', pack('q', (mt_rand() << 33) ^ (mt_rand() << 16) ^ mt_rand()))[1],
        1 => mt_rand(-1000000, 1000000) / 10 ** mt_rand(0, 12),
        2 => (float) mt_rand(-1000, 1000),
        // Some of these lie in the middle between two texts that mean them.
        3 => (mt_rand(1 << 17, 1 << 21) * 2 ** 32 + mt_rand()) / 2 ** mt_rand(0, 8),
        default => 10.0 ** mt_rand(-30, 30) * mt_rand(1, 99),
    };
}

function random_text(): string
{
    $length = mt_rand(0, 3) ? mt_rand(0, 12) : mt_rand(0, 3000);
    return implode('', array_map(fn () => chr(mt_rand(0, 255)), $length ? range(1, $length) : []));
}

function random_value(int $depth): mixed
{
    switch (mt_rand(0, $depth > 0 ? 13 : 6)) {
        case 0: return null;
        case 1: return (bool) mt_rand(0, 1);
        case 2: return mt_rand(0, 1) ? mt_rand(-100, 100) : (mt_rand() << 33) ^ mt_rand();
        case 3: case 4: return random_float();
        case 5: return random_text();
        case 6: return mt_rand(0, 1) ? Suit::Hearts : Suit::Spades;
        case 7: $point = new Point; $point->x = random_value($depth - 1); return $point;
        case 8: $object = (object) ['a' => random_value($depth - 1)]; return [$object, random_value($depth - 1), $object];
        case 9: $shared = random_value($depth - 1); return [&$shared, 'again' => &$shared];
        case 10: return mt_rand(0, 1) ? new Own : new Old;
        default:
            $array = [];
            for ($count = mt_rand(0, 6); $count > 0; $count--) {
                $array[mt_rand(0, 1) ? mt_rand(-5, 5) : random_text()] = random_value($depth - 1);
            }
            return mt_rand(0, 1) ? $array : array_values($array);
    }
}

$fixed = [0.0, -0.0, 0.1 + 0.2, 1e15, 1e16, 1e17, 1e-4, 1e-5, PHP_FLOAT_MAX, PHP_FLOAT_MIN, 5e-324, INF, -INF, NAN, PHP_INT_MIN,
    PHP_INT_MAX, '', "\0", [], new ArrayObject([1, [2]]), new SplObjectStorage, new DateTimeZone('UTC')];
foreach ($fixed as $value) {
    $bytes = serialize($value);
    check('a value', echoed($bytes), $bytes);
}
$rounds = 5000;
for ($round = 0; $round < $rounds; $round++) {
    $bytes = serialize(random_value(5));
    check("seed $seed, value $round", bin2hex(echoed($bytes)), bin2hex($bytes));
}
// What PHP does not read is not read here, either.
foreach (['', 'i:1', 'x:1;', 's:2:"a";', 'a:1:{i:0;}', 'a:1:{N;N;}', 'b:2;', 'i:;', 'd:;', 'O:1:"A":0:{'] as $bytes) {
    check("unserialize $bytes", @unserialize($bytes), false);
    check("no value: $bytes", echoed($bytes), '');
}
fclose($pipes[0]);
check('the echo ends', proc_close($echo), 0);
echo count($fixed) + $rounds, " values, seed $seed";

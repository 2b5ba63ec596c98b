<?php
// Shared variables: the same steps by PHP and by trellis leave the same bytes, and each reads the other's.
require __DIR__ . '/common.php';

[$theirs, $ours] = [free_key('p'), free_key('t')];
check('ftok', trim(ipc_ok(['ftok', __FILE__, 'x'])), sprintf('0x%08x', ftok(__FILE__, 'x') & 0xffffffff));

$size = 2000;
$segment = shm_attach($theirs, $size, 0600);
check('no variable yet', ipc(['shm', 'get', $theirs])[0], 1);

/** All that counts of a segment: what is behind its end was left there by whoever wrote before. */
function content(int $key): string
{
    $memory = shmop_open($key, 'a', 0, 0);
    $end = unpack('q', shmop_read($memory, 16, 8))[1];
    return bin2hex(shmop_read($memory, 0, $end));
}

$full = 0;
$rounds = 400;
ipc_ok(['shm', 'send', $ours, 'x', '--variable', '0', '--size', $size]);
shm_put_var($segment, 0, 'x');
for ($round = 0; $round < $rounds; $round++) {
    $variable = mt_rand(-3, 6);
    if (mt_rand(0, 4) == 0) {
        $was_there = shm_has_var($segment, $variable);
        if ($was_there) {
            shm_remove_var($segment, $variable);
        }
        check("seed $seed, round $round: was there", ipc(['shm', 'delete', $ours, '--variable', $variable])[0] == 0, $was_there);
    } else {
        $value = match (mt_rand(0, 3)) {
            0 => mt_rand(-9999, 9999),
            1 => ['a' => [1, 2.5, null], 'b' => str_repeat('y', mt_rand(0, 60))],
            default => str_repeat('x', mt_rand(0, mt_rand(0, 9) ? 200 : 1900)),
        };
        $before = shm_has_var($segment, $variable) ? serialize(shm_get_var($segment, $variable)) : null;
        $put = @shm_put_var($segment, $variable, $value);
        [$code] = ipc(['shm', 'send', $ours, '-', '--as-json', '--variable', $variable],
            json_encode($value, JSON_PRESERVE_ZERO_FRACTION));
        check("seed $seed, round $round: room", $code, $put ? 0 : 4);
        if (!$put) {
            // Without room PHP has lost the old value, and here it is still there.
            $full++;
            check('PHP has lost it', shm_has_var($segment, $variable), false);
            $now = ipc(['shm', 'delete', $ours, '--variable', $variable])[0];
            check("seed $seed, round $round: ours is still there", $now, $before === null ? 1 : 0);
        } else {
            check('what we wrote, PHP reads', shm_get_var(shm_attach($ours), $variable), $value);
            $read = json_decode(ipc_ok(['shm', 'get', $theirs, '--variable', $variable, '--json']), true)['value'];
            check('what PHP wrote, we read', $read, $value);
        }
    }
    check("seed $seed, round $round: the bytes", content($ours), content($theirs));
}
ipc_ok(['shm', 'delete', $ours]);
ipc_ok(['shm', 'delete', $theirs]);
check('it is gone', @shmop_open($theirs, 'a', 0, 0), false);
check('the segment was full now and then', $full > 0, true);
echo "$rounds steps, $full of them without room, seed $seed";

<?php
// Messages: what one sends, the other receives.
require __DIR__ . '/common.php';

$key = free_key('m');
$queue = msg_get_queue($key, 0600);

foreach ([1, 'text', 2.5, null, true, ['a' => [1, null]], []] as $value) {
    check('PHP sends', msg_send($queue, 3, $value), true);
    $received = json_decode(ipc_ok(['msg', 'receive', $key, '--type', '3', '--json']), true);
    check('we receive', $received, ['type' => 3, 'value' => $value]);
    ipc_ok(['msg', 'send', $key, '-', '--as-json', '--type', '4'], json_encode($value));
    check('PHP receives', msg_receive($queue, 4, $type, 1000, $found, true, MSG_IPC_NOWAIT), true);
    check('what we have sent', [$type, $found], [4, $value]);
}
// Without serialization.
msg_send($queue, 1, "\xff\0raw", false);
check('raw bytes', ipc_ok(['msg', 'receive', $key]), "\xff\0raw");
ipc_ok(['msg', 'send', $key, 'plain', '--raw']);
msg_receive($queue, 0, $type, 1000, $found, false, MSG_IPC_NOWAIT);
check('raw bytes to PHP', $found, 'plain');
// Full, too big, and the statistics.
msg_set_queue($queue, ['msg_qbytes' => 40]);
check('it fits', ipc(['msg', 'send', $key, str_repeat('x', 30), '--raw'])[0], 0);
check('it is full for us', ipc(['msg', 'send', $key, str_repeat('x', 30), '--raw'])[0], 4);
check('and for PHP', [@msg_send($queue, 1, str_repeat('x', 30), false, false, $error), $error], [false, MSG_EAGAIN]);
check('too big for us', ipc(['msg', 'send', $key, str_repeat('x', 9000), '--raw'])[0], 4);
$stat = json_decode(ipc_ok(['msg', 'stat', $key, '--json']), true);
check('messages', $stat['messages'], msg_stat_queue($queue)['msg_qnum']);
check('capacity', $stat['bytes_max'], 40);
ipc_ok(['msg', 'delete', $key]);
check('it is gone', msg_queue_exists($key), false);
echo 'both ways, raw, full and too big';

<?php
// Semaphores: both exclude each other, and what dies gives back.
require __DIR__ . '/common.php';

$key = free_key('s');
$status = fn () => json_decode(ipc_ok(['sem', 'get', $key, '--json']), true);
$try = fn () => ipc(['sem', 'acquire', $key, '--timeout', '0', '--', 'true'])[0];

/** A process of ours that holds a permit until it is killed; it has it when this returns. */
$hold = function () use ($key, $argv) {
    $process = proc_open([$argv[1], 'ipc', 'sem', 'acquire', $key, '--', 'cat'], [['pipe', 'r'], ['pipe', 'w']], $pipes);
    fwrite($pipes[0], 'x');
    check('it has the permit', fread($pipes[1], 1), 'x');
    return [$process, $pipes];
};

$semaphore = sem_get($key, 2);
check('PHP has made it', $status(), ['permits' => 2, 'users' => 1, 'waiting' => 0]);
check('one for PHP', sem_acquire($semaphore), true);
check('another for us', $try(), 0);
check('another for PHP', sem_acquire($semaphore), true);
check('none is left', [$status(), $try()], [['permits' => 0, 'users' => 1, 'waiting' => 0], 1]);
sem_release($semaphore);
[$holder, $pipes] = $hold();
check('we hold it', $status(), ['permits' => 0, 'users' => 2, 'waiting' => 0]);
check('PHP gets none', sem_acquire($semaphore, true), false);
proc_terminate($holder, 9);
check('PHP waits until we are dead', sem_acquire($semaphore), true);
sem_release($semaphore);
sem_release($semaphore);
proc_close($holder);
check('we have left', $status(), ['permits' => 2, 'users' => 1, 'waiting' => 0]);
// A PHP process that dies with a permit gives it back, too.
$child = pcntl_fork();
if ($child === 0) {
    sem_acquire($semaphore);
    posix_kill(getmypid(), SIGKILL);
}
pcntl_waitpid($child, $how);
check('what a dead PHP held', $status()['permits'], 2);
check('removed', sem_remove($semaphore), true);
check('it is gone', ipc(['sem', 'get', $key])[0], 1);
// Made by us, and of one permit, unless PHP is the first to open it.
check('made here', ipc(['sem', 'acquire', $key, '--', 'true'])[0], 0);
[$holder, $pipes] = $hold();
$semaphore = sem_get($key, 5);
check('PHP does not set the permits of what is open', sem_acquire($semaphore, true), false);
proc_terminate($holder, 9);
proc_close($holder);
check('released', sem_acquire($semaphore, true), true);
ipc_ok(['sem', 'delete', $key]);
echo 'excluded each other, and the dead gave back';

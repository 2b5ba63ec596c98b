--TEST--
Delays, times to run and time-outs last as long as they should
--EXTENSIONS--
beanstalk
--FILE--
<?php
require __DIR__ . '/common.inc';
// The upper limits are for a machine that is busy with other things.
with_each_server(function (string $host, int $port) {
    $tube = tube();
    [$b, $other] = [classic($host, $port), classic($host, $port)];
    foreach ([$b, $other] as $one) {
        $one->watch($tube);
        $one->ignore('default');
    }
    echo "--- time-outs\n";
    between(0, seconds(fn() => show(fn() => $b->reserve($tube, 0))), 2);
    between(0.25, seconds(fn() => show(fn() => $b->reserve($tube, 0.25))), 3);
    between(0.9, seconds(fn() => show(fn() => $b->reserve($tube, 1))), 5);
    between(0.9, seconds(fn() => show(fn() => $b->reserve(null, 1.0))), 5);
    echo "--- a delay\n";
    $id = $b->put($tube, 'later', 1024, 1);
    show(fn() => $b->reserve($tube, 0));
    show(fn() => $b->peek_delayed($tube)['id'] === $id);
    between(0.5, seconds(fn() => show(fn() => $b->reserve($tube, 4)['id'] === $id)), 5);
    echo "--- a release with a delay\n";
    $b->release($id, $tube, 1024, 1);
    show(fn() => $b->reserve($tube, 0));
    show(fn() => $b->reserve($tube, 4)['id'] === $id && $b->delete($id));
    echo "--- a time to run\n";
    $id = $b->put($tube, 'mine', 1024, 0, 2);
    show(fn() => $b->reserve($tube, 1)['id'] === $id);
    show(fn() => $b->reserve($tube, 5));
    between(0.2, seconds(fn() => show(function () use ($b, $other, $tube, $id) {
        for ($end = hrtime(true) + 5e9; hrtime(true) < $end;) {
            if ($job = $other->reserve($tube, 1)) return $job['id'] === $id;
            // Debian's beanstalkd may look in the very microsecond in which the time is over. It takes it for not quite
            // over then, and doesn't look again until the holder says something.
            $b->list_tube_used();
        }
    })), 5);
    show(fn() => $b->delete($id));
    show(fn() => $b->touch($id));
    show(fn() => $other->stats_job($id)['timeouts']);
    show(fn() => $other->delete($id));
    echo "--- a touch\n";
    $id = $b->put($tube, 'kept', 1024, 0, 2);
    $b->reserve($tube, 1);
    for ($end = hrtime(true) + 2.5e9; hrtime(true) < $end;) {
        $b->touch($id);
        if ($other->reserve($tube, 0.2) !== false) echo "it was taken\n";
    }
    show(fn() => $b->delete($id));
});
?>
--EXPECT--
--- time-outs
false
in time
false
in time
false
in time
false
in time
--- a delay
false
true
true
in time
--- a release with a delay
false
true
--- a time to run
true
BeanstalkDeadlineSoonException 5054: a job held by this client has less than a second left: finish or touch it (DEADLINE_SOON)
true
in time
false
false
1
true
--- a touch
true

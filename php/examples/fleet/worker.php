<?php // A worker of the fleet: it is given one job after the other, and what it prints is the log.

Trellis\Worker::run(function (string $body, string $id) {
    $picture = json_decode($body, true, flags: JSON_THROW_ON_ERROR);
    usleep(100_000); // The work.
    if ($picture['name'] === 'broken.png') {
        throw new RuntimeException("{$picture['name']} can't be read");
    }
    echo "job $id: {$picture['name']} is {$picture['width']} wide now\n";
});

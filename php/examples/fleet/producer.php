<?php // Gives the fleet its work.

$queue = new Beanstalk();
$queue->addserver('127.0.0.1', (int) ($argv[1] ?? 11300));
foreach (range(1, 20) as $number) {
    $queue->put('thumbnails', json_encode(['name' => "picture$number.png", 'width' => 200]));
}
$queue->put('thumbnails', json_encode(['name' => 'broken.png', 'width' => 200]));
echo "21 jobs are in the queue\n";

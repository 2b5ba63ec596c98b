<?php // A worker for mode = "stream": gets jobs in frames on descriptor 3 and answers each of them.

$jobs = fopen('php://fd/3', 'rb');
$answers = fopen('php://fd/3', 'wb');

function work(string $body): void
{
    echo "working on $body\n";
}

while ($header = stream_get_contents($jobs, 4)) { // the length; nothing when there are no more jobs
    [$line, $body] = explode("\n", stream_get_contents($jobs, unpack('N', $header)[1]), 2); // "job ID", and the body
    try {
        work($body);
        $verb = 'done';
    } catch (Throwable $error) { // also possible: retry, bury
        fwrite(STDERR, $error->getMessage() . "\n");
        $verb = 'fail';
    }
    $answer = $verb . substr($line, 3);
    fwrite($answers, pack('N', strlen($answer)) . $answer);
}

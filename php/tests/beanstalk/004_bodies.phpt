--TEST--
Bodies are any bytes: none, NULs, line ends, 64 KiB; one that is too big is refused, and the connection goes on
--EXTENSIONS--
beanstalk
--FILE--
<?php
require __DIR__ . '/common.inc';
with_each_server(function (string $host, int $port) {
    $tube = tube();
    $b = classic($host, $port);
    $pool = pool($host, $port, $tube);
    $b->watch($tube);
    $bodies = ['', "\0", "a\0b\r\nRESERVED 1 1\r\n", implode(array_map('chr', range(0, 255))), random_bytes(1000), str_repeat('x', 65535)];
    foreach ($bodies as $body) {
        $b->put($tube, $body);
        $job = $b->reserve($tube, 1);
        echo strlen($body), ': ', json_encode($job['data'] === $body && $b->delete($job['id'])), "\n";
        $pool->put($body);
        $job = $pool->reserve(1);
        echo strlen($body), ': ', json_encode($job->getBody() === $body && $job->delete()), "\n";
    }
    foreach ([65536, 1 << 20] as $length) {
        show(fn() => $b->put($tube, str_repeat('x', $length)));
        show(fn() => $pool->put(str_repeat('x', $length)));
    }
    show(fn() => $b->put($tube, 12345) > 0 && $b->reserve($tube, 1)['data'] === '12345');
    echo "--- messages\n";
    $object = new class { public $a = [1, 2]; };
    foreach ([['what', 'how'], ['a' => 1.5], $object, 12, 1.5, true, false, '12', '{"a":1}', ' [1]', '{no json', '123456', 'null', '"x"', '{"n":12345678901234567890}'] as $message) {
        $pool->put($message);
        $job = $pool->reserve(1);
        echo json_encode($job->getBody()), ' is ', gettype($job->getMessage()), ' ', json_encode($job->getMessage()), "\n";
        $job->delete();
    }
    show(fn() => $pool->put(null));
    show(fn() => $pool->put(["\xff"]));
    show(fn() => $pool->put(STDIN));
});
[$host, $port] = servers()[1];
$pool = pool($host, $port, tube());
$pool->put(['a' => ["\u{e9}"]]);
echo preg_replace('/\[id\] => \d+/', '[id] => N', print_r($pool->peekReady(), true)), "\n";
// One that comes from no server has nothing to show.
print_r((new ReflectionClass('BeanstalkJob'))->newInstanceWithoutConstructor());
var_dump($pool->reserve(1)->getMessage()->a);
?>
--EXPECT--
0: true
0: true
1: true
1: true
19: true
19: true
256: true
256: true
1000: true
1000: true
65535: true
65535: true
BeanstalkJobTooBigException 5053: the job's body is larger than the server allows (JOB_TOO_BIG)
BeanstalkJobTooBigException 5053: the job's body is larger than the server allows (JOB_TOO_BIG)
BeanstalkJobTooBigException 5053: the job's body is larger than the server allows (JOB_TOO_BIG)
BeanstalkJobTooBigException 5053: the job's body is larger than the server allows (JOB_TOO_BIG)
true
--- messages
"[\"what\",\"how\"]" is array ["what","how"]
"{\"a\":1.5}" is object {"a":1.5}
"{\"a\":[1,2]}" is object {"a":[1,2]}
"12" is string "12"
"1.5" is string "1.5"
"1" is string "1"
"" is string ""
"12" is string "12"
"{\"a\":1}" is object {"a":1}
" [1]" is array [1]
"{no json" is string "{no json"
"123456" is string "123456"
"null" is string "null"
"\"x\"" is string "\"x\""
"{\"n\":12345678901234567890}" is object {"n":"12345678901234567890"}
TypeError: BeanstalkPool::put(): Argument #1 ($message) must be of type string, int, float, bool, array or object
JsonException 5: Malformed UTF-8 characters, possibly incorrectly encoded
TypeError: BeanstalkPool::put(): Argument #1 ($message) must be of type string, int, float, bool, array or object
BeanstalkJob Object
(
    [id] => N
    [message] => stdClass Object
        (
            [a] => Array
                (
                    [0] => é
                )

        )

)

BeanstalkJob Object
(
)
array(1) {
  [0]=>
  string(2) "é"
}

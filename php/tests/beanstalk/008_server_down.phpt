--TEST--
A server that is down or silent is an exception with its address, within the time-out, with file, line and trace
--EXTENSIONS--
beanstalk
pcntl
--FILE--
<?php
require __DIR__ . '/common.inc';
$listener = stream_socket_server('tcp://127.0.0.1:0');
$port = (int) substr(strrchr(stream_socket_get_name($listener, false), ':'), 1);
fclose($listener);
$calls = [
    fn() => classic('127.0.0.1', $port)->put('default', 'b'),
    fn() => classic('127.0.0.1', $port)->reserve(),
    fn() => classic('127.0.0.1', $port)->list_tubes(),
    fn() => pool('127.0.0.1', $port, 'a')->put('b'),
    fn() => pool('127.0.0.1', $port, 'a')->reserve(),
    fn() => pool('127.0.0.1', $port, 'a')->connect(),
    fn() => classic('no.such.host.invalid', 11300)->stats(),
    fn() => classic('unix:/no/such/socket', 1)->stats(),
];
ob_start();
foreach ($calls as $call) between(0, seconds(fn() => show($call)), 4);
echo str_replace(":$port", ':PORT', ob_get_clean());

echo "--- the exception\n";
function inner($b) { $b->put('a', 'b'); }
try {
    inner(classic('127.0.0.1', $port));
} catch (BeanstalkConnectionException $e) {
    echo get_class($e), ' extends ', get_parent_class($e), ' extends ', get_parent_class('BeanstalkException'), "\n";
    echo basename($e->getFile(), '.php'), ' ', $e->getLine() === (new ReflectionFunction('inner'))->getStartLine() ? 'its line' : $e->getLine(), "\n";
    echo implode(' in ', array_column($e->getTrace(), 'function')), "\n";
    var_dump($e->getCode() === BeanstalkException::SERVER_OFFLINE, $e->getPrevious());
}
try {
    throw new BeanstalkTimedOutException('own', 5, new LogicException('cause'));
} catch (BeanstalkException $e) {
    echo $e->getMessage(), $e->getCode(), $e->getPrevious()->getMessage(), "\n";
}

echo "--- a server that takes connections and says nothing\n";
$silent = stream_socket_server('tcp://127.0.0.1:0');
$port = (int) substr(strrchr(stream_socket_get_name($silent, false), ':'), 1);
ob_start();
between(0.3, seconds(fn() => show(fn() => classic('127.0.0.1', $port, 0.3)->put('default', 'b'))), 2);
between(0.3, seconds(fn() => show(fn() => classic('127.0.0.1', $port, 0.3)->stats())), 2);
between(0.5, seconds(fn() => show(fn() => classic('127.0.0.1', $port, 0.3)->reserve(null, 0.5))), 2);
echo str_replace(":$port", ':PORT', ob_get_clean());

echo "--- a server that speaks something else, or dies in the middle\n";
$fakes = [
    'other protocol' => function ($socket) { fgets($socket); fwrite($socket, "HTTP/1.1 400 Bad Request\r\n\r\n"); fgets($socket); },
    'wrong answer' => function ($socket) { fgets($socket); fwrite($socket, "WATCHING 1\r\n"); fgets($socket); },
    'hangs up' => function ($socket) { fgets($socket); },
    'half a reply' => function ($socket) { fgets($socket); fwrite($socket, "OK 100\r\n---\n"); },
    'a huge body' => function ($socket) { fgets($socket); fwrite($socket, "RESERVED 1 4294967295\r\n"); fgets($socket); },
    'a body without its end' => function ($socket) { fgets($socket); fwrite($socket, "RESERVED 1 1\r\nabc"); fgets($socket); },
];
foreach ($fakes as $name => $act) {
    foreach (['delete' => 7, 'stats_job' => 7, 'reserve' => null] as $method => $argument) {
        [$host, $port, $process] = fake($act);
        ob_start();
        show(fn() => classic($host, $port)->$method($argument));
        $shown = ob_get_clean();
        echo "$name, $method: ", str_replace(":$port", ':PORT', $shown);
        ended($process);
    }
}
echo "--- and is there again\n";
[$host, $port, $process] = fake(
    fn($socket) => fwrite($socket, fgets($socket) ? "DELETED\r\n" : '') && fgets($socket),
    fn($socket) => fwrite($socket, fgets($socket) ? "TOUCHED\r\n" : ''),
);
$b = classic($host, $port);
show(fn() => $b->delete(1));
ob_start();
show(fn() => $b->delete(2));
echo str_replace(":$port", ':PORT', ob_get_clean());
show(fn() => $b->touch(3));
var_dump(ended($process));
?>
--EXPECT--
BeanstalkConnectionException 6001: cannot connect to 127.0.0.1:PORT: Connection refused (os error 111)
in time
BeanstalkConnectionException 6001: cannot connect to 127.0.0.1:PORT: Connection refused (os error 111)
in time
BeanstalkConnectionException 6001: cannot connect to 127.0.0.1:PORT: Connection refused (os error 111)
in time
BeanstalkConnectionException 6001: cannot connect to 127.0.0.1:PORT: Connection refused (os error 111)
in time
BeanstalkConnectionException 6001: cannot connect to 127.0.0.1:PORT: Connection refused (os error 111)
in time
BeanstalkConnectionException 6001: cannot connect to 127.0.0.1:PORT: Connection refused (os error 111)
in time
BeanstalkConnectionException 6001: cannot connect to no.such.host.invalid:11300: failed to lookup address information: Name or service not known
in time
BeanstalkConnectionException 6001: cannot connect to unix:/no/such/socket: No such file or directory (os error 2)
in time
--- the exception
BeanstalkConnectionException extends BeanstalkException extends Exception
008_server_down its line
put in inner
bool(true)
NULL
own5cause
--- a server that takes connections and says nothing
BeanstalkConnectionException 5096: the connection to 127.0.0.1:PORT was lost, and whether the put was carried out is unknown: timed out
in time
BeanstalkConnectionException 6050: the connection to 127.0.0.1:PORT was lost before it answered: timed out
in time
false
in time
--- a server that speaks something else, or dies in the middle
other protocol, delete: BeanstalkConnectionException 6050: 127.0.0.1:PORT does not speak the protocol: the server's reply is not one of the beanstalk protocol; is it a beanstalkd?
other protocol, stats_job: BeanstalkConnectionException 6050: 127.0.0.1:PORT does not speak the protocol: the server's reply is not one of the beanstalk protocol; is it a beanstalkd?
other protocol, reserve: BeanstalkConnectionException 6050: 127.0.0.1:PORT does not speak the protocol: the server's reply is not one of the beanstalk protocol; is it a beanstalkd?
wrong answer, delete: BeanstalkConnectionException 6050: the answer of 127.0.0.1:PORT does not fit the request delete: WATCHING 1
wrong answer, stats_job: BeanstalkConnectionException 6050: the answer of 127.0.0.1:PORT does not fit the request stats-job: WATCHING 1
wrong answer, reserve: BeanstalkConnectionException 6050: the answer of 127.0.0.1:PORT does not fit the request reserve: WATCHING 1
hangs up, delete: BeanstalkConnectionException 5096: the connection to 127.0.0.1:PORT was lost, and whether the delete was carried out is unknown: unexpected end of file
hangs up, stats_job: BeanstalkConnectionException 6050: the connection to 127.0.0.1:PORT was lost before it answered: unexpected end of file
hangs up, reserve: BeanstalkConnectionException 6050: the connection to 127.0.0.1:PORT was lost before it answered: unexpected end of file
half a reply, delete: BeanstalkConnectionException 5096: the connection to 127.0.0.1:PORT was lost, and whether the delete was carried out is unknown: unexpected end of file
half a reply, stats_job: BeanstalkConnectionException 6050: the connection to 127.0.0.1:PORT was lost before it answered: unexpected end of file
half a reply, reserve: BeanstalkConnectionException 6050: the connection to 127.0.0.1:PORT was lost before it answered: unexpected end of file
a huge body, delete: BeanstalkConnectionException 6050: 127.0.0.1:PORT does not speak the protocol: the server announces a body of 4294967295 bytes, and the limit is 1073741824: raise the limit
a huge body, stats_job: BeanstalkConnectionException 6050: 127.0.0.1:PORT does not speak the protocol: the server announces a body of 4294967295 bytes, and the limit is 1073741824: raise the limit
a huge body, reserve: BeanstalkConnectionException 6050: 127.0.0.1:PORT does not speak the protocol: the server announces a body of 4294967295 bytes, and the limit is 1073741824: raise the limit
a body without its end, delete: BeanstalkConnectionException 6050: 127.0.0.1:PORT does not speak the protocol: the body in the server's reply does not end where it was announced to
a body without its end, stats_job: BeanstalkConnectionException 6050: 127.0.0.1:PORT does not speak the protocol: the body in the server's reply does not end where it was announced to
a body without its end, reserve: BeanstalkConnectionException 6050: 127.0.0.1:PORT does not speak the protocol: the body in the server's reply does not end where it was announced to
--- and is there again
true
BeanstalkConnectionException 5096: the connection to 127.0.0.1:PORT was lost, and whether the delete was carried out is unknown: unexpected end of file
true
int(0)

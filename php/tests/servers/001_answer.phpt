--TEST--
The servers that other tests talk to are there
--FILE--
<?php
foreach (['TRELLIS', 'DEBIAN'] as $whose) {
    $socket = stream_socket_client('tcp://' . getenv("{$whose}_ZOOKEEPER"));
    fwrite($socket, 'srvr');
    echo "$whose ZooKeeper: ", str_contains(stream_get_contents($socket), 'Mode: ') ? 'serves' : 'does not', "\n";
    $socket = stream_socket_client('tcp://' . getenv("{$whose}_BEANSTALK"));
    fwrite($socket, "list-tube-used\r\n");
    echo "$whose beanstalk: ", fgets($socket);
}
var_dump(is_executable(getenv('TRELLIS_PROGRAM')));
// So that these servers are started: TRELLIS_ZOOKEEPER TRELLIS_BEANSTALK DEBIAN_ZOOKEEPER DEBIAN_BEANSTALK
?>
--EXPECT--
TRELLIS ZooKeeper: serves
TRELLIS beanstalk: USING default
DEBIAN ZooKeeper: serves
DEBIAN beanstalk: USING default
bool(true)

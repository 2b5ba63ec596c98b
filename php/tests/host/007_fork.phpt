--TEST--
A child process is not the owner of what its parent has made
--EXTENSIONS--
tour
pcntl
--FILE--
<?php
$counter = new Tour\Counter;
if (pcntl_fork() === 0) {
    echo 'child: ', json_encode([$counter->mine(), (new Tour\Counter)->mine()]), "\n";
    exit;
}
pcntl_wait($status);
echo 'parent: ', json_encode($counter->mine()), "\n";
?>
--EXPECT--
child: [false,true]
parent: true

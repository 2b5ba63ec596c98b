--TEST--
Wrong arguments are TypeErrors and ValueErrors that name the argument, and nothing is sent
--EXTENSIONS--
beanstalk
--FILE--
<?php
require __DIR__ . '/common.inc';
[[$host, $port], [$host2, $port2]] = servers();
$b = classic($host, $port);
$pool = pool($host, $port, 'default2');
echo "--- servers\n";
show(fn() => $b->addserver());
show(fn() => $b->addserver([]));
show(fn() => $b->addserver('localhost', 'x'));
show(fn() => $b->addserver('localhost', 0));
show(fn() => $b->addserver('localhost', 65536));
show(fn() => $b->addserver('localhost', 11300, 0));
show(fn() => $b->addserver('localhost', 11300, -1));
show(fn() => $b->addserver('localhost', 11300, NAN));
foreach (['', 'a b', 'a:5', 'http://a', "a\0b", "\xff", 'unix:', '[::1', 'a,b', '::1::2'] as $wrong) {
    show(fn() => $b->addserver($wrong));
}
foreach (['::1', '[::1]', 'fe80::1', 'example.org', '10.0.0.1', 'unix:/run/none.sock'] as $right) {
    echo (new BeanstalkPool)->addServer($right)->getServers()[0], "\n";
}
show(fn() => $pool->addServer(host: 'localhost', timeout: INF));
echo "--- tubes\n";
foreach (['use', 'watch', 'ignore', 'stats_tube', 'reserve', 'peek_ready', 'list_tubes_watched'] as $method) {
    show(fn() => $b->$method('-a'));
}
foreach (['', 'a b', "a\r\ndelete 1", "a\0", 'é', str_repeat('x', 201), []] as $wrong) {
    show(fn() => $b->use($wrong));
}
show(fn() => strlen(serialize($b->use(str_repeat('x', 200)))));
show(fn() => $b->put('a b', 'data'));
show(fn() => $pool->useTube('a b'));
show(fn() => $pool->watchTube());
show(fn() => $pool->pauseTube('a', -1));
echo "--- numbers\n";
show(fn() => $b->put('a'));
show(fn() => $b->put('a', []));
show(fn() => $b->put('a', 'b', -1));
show(fn() => $b->put('a', 'b', 4294967296));
show(fn() => $b->put('a', 'b', 1, -1));
show(fn() => $b->put('a', 'b', 1, 1, PHP_INT_MAX));
show(fn() => $b->put('a', 'b', 'x'));
show(fn() => $b->put('a', 'b', ttr: -5));
show(fn() => $b->put('a', 'b', 1, 1, 1, 1));
show(fn() => $b->delete(-1));
show(fn() => $b->delete('x'));
show(fn() => $b->delete());
show(fn() => $b->release(1, null, -1));
show(fn() => $b->release(1, null, null, -1));
show(fn() => $b->bury(1, null, -1));
show(fn() => $b->kick(-1));
show(fn() => $b->pause_tube('a', -1));
show(fn() => $b->reserve(null, -0.5));
show(fn() => $b->reserve(null, NAN));
show(fn() => $b->reserve(null, INF));
show(fn() => $b->reserve(null, 'x'));
show(fn() => $pool->put());
show(fn() => $pool->put('a', -1));
show(fn() => $pool->put('a', 1, -1));
show(fn() => $pool->put('a', 1, 1, -1));
show(fn() => $pool->put(STDIN));
show(fn() => $pool->reserve(-1));
show(fn() => $pool->kick(-1));
show(fn() => $pool->kick([]));
echo "--- several servers\n";
$b->addserver($host2, $port2);
show(fn() => $b->delete(1));
show(fn() => $b->kick(1));
show(fn() => $b->peek_ready());
show(fn() => $b->list_tube_used());
show(fn() => $b->reserve(null, 0));
?>
--EXPECT--
--- servers
ArgumentCountError: Beanstalk::addserver() expects at least 1 argument, 0 given
TypeError: Beanstalk::addserver(): Argument #1 ($host) must be of type string, array given
TypeError: Beanstalk::addserver(): Argument #2 ($port) must be of type int, string given
ValueError: Beanstalk::addserver(): Argument #2 ($port) must be between 1 and 65535
ValueError: Beanstalk::addserver(): Argument #2 ($port) must be between 1 and 65535
ValueError: Beanstalk::addserver(): Argument #3 ($timeout) must be a number of seconds greater than 0
ValueError: Beanstalk::addserver(): Argument #3 ($timeout) must be a number of seconds greater than 0
ValueError: Beanstalk::addserver(): Argument #3 ($timeout) must be a number of seconds greater than 0
ValueError: Beanstalk::addserver(): Argument #1 ($host) must be a host's name or address, or unix: and a socket's path
ValueError: Beanstalk::addserver(): Argument #1 ($host) must be a host's name or address, or unix: and a socket's path
ValueError: Beanstalk::addserver(): Argument #1 ($host) must be a host's name or address, or unix: and a socket's path
ValueError: Beanstalk::addserver(): Argument #1 ($host) must be a host's name or address, or unix: and a socket's path
ValueError: Beanstalk::addserver(): Argument #1 ($host) must be a host's name or address, or unix: and a socket's path
ValueError: Beanstalk::addserver(): Argument #1 ($host) must be valid UTF-8
ValueError: Beanstalk::addserver(): Argument #1 ($host) must be a host's name or address, or unix: and a socket's path
ValueError: Beanstalk::addserver(): Argument #1 ($host) must be a host's name or address, or unix: and a socket's path
ValueError: Beanstalk::addserver(): Argument #1 ($host) must be a host's name or address, or unix: and a socket's path
ValueError: Beanstalk::addserver(): Argument #1 ($host) must be a host's name or address, or unix: and a socket's path
[::1]:11300
[::1]:11300
[fe80::1]:11300
example.org:11300
10.0.0.1:11300
unix:/run/none.sock
ValueError: BeanstalkPool::addServer(): Argument #3 ($timeout) must be a number of seconds greater than 0
--- tubes
ValueError: Beanstalk::use(): Argument #1 ($tube) must name a tube: 1 to 200 of the characters A-Z a-z 0-9 - + / ; . $ _ ( ), and no - in front
ValueError: Beanstalk::watch(): Argument #1 ($tube) must name a tube: 1 to 200 of the characters A-Z a-z 0-9 - + / ; . $ _ ( ), and no - in front
ValueError: Beanstalk::ignore(): Argument #1 ($tube) must name a tube: 1 to 200 of the characters A-Z a-z 0-9 - + / ; . $ _ ( ), and no - in front
ValueError: Beanstalk::stats_tube(): Argument #1 ($tube) must name a tube: 1 to 200 of the characters A-Z a-z 0-9 - + / ; . $ _ ( ), and no - in front
ValueError: Beanstalk::reserve(): Argument #1 ($tube) must name a tube: 1 to 200 of the characters A-Z a-z 0-9 - + / ; . $ _ ( ), and no - in front
ValueError: Beanstalk::peek_ready(): Argument #1 ($tube) must name a tube: 1 to 200 of the characters A-Z a-z 0-9 - + / ; . $ _ ( ), and no - in front
ValueError: Beanstalk::list_tubes_watched(): Argument #1 ($tube) must name a tube: 1 to 200 of the characters A-Z a-z 0-9 - + / ; . $ _ ( ), and no - in front
ValueError: Beanstalk::use(): Argument #1 ($tube) must name a tube: 1 to 200 of the characters A-Z a-z 0-9 - + / ; . $ _ ( ), and no - in front
ValueError: Beanstalk::use(): Argument #1 ($tube) must name a tube: 1 to 200 of the characters A-Z a-z 0-9 - + / ; . $ _ ( ), and no - in front
ValueError: Beanstalk::use(): Argument #1 ($tube) must name a tube: 1 to 200 of the characters A-Z a-z 0-9 - + / ; . $ _ ( ), and no - in front
ValueError: Beanstalk::use(): Argument #1 ($tube) must name a tube: 1 to 200 of the characters A-Z a-z 0-9 - + / ; . $ _ ( ), and no - in front
ValueError: Beanstalk::use(): Argument #1 ($tube) must name a tube: 1 to 200 of the characters A-Z a-z 0-9 - + / ; . $ _ ( ), and no - in front
ValueError: Beanstalk::use(): Argument #1 ($tube) must name a tube: 1 to 200 of the characters A-Z a-z 0-9 - + / ; . $ _ ( ), and no - in front
TypeError: Beanstalk::use(): Argument #1 ($tube) must be of type string, array given
4
ValueError: Beanstalk::put(): Argument #1 ($tube) must name a tube: 1 to 200 of the characters A-Z a-z 0-9 - + / ; . $ _ ( ), and no - in front
ValueError: BeanstalkPool::useTube(): Argument #1 ($tube) must name a tube: 1 to 200 of the characters A-Z a-z 0-9 - + / ; . $ _ ( ), and no - in front
ArgumentCountError: BeanstalkPool::watchTube() expects exactly 1 argument, 0 given
ValueError: BeanstalkPool::pauseTube(): Argument #2 ($delay) must be between 0 and 4294967295
--- numbers
ArgumentCountError: Beanstalk::put() expects at least 2 arguments, 1 given
TypeError: Beanstalk::put(): Argument #2 ($data) must be of type string, array given
ValueError: Beanstalk::put(): Argument #3 ($priority) must be between 0 and 4294967295
ValueError: Beanstalk::put(): Argument #3 ($priority) must be between 0 and 4294967295
ValueError: Beanstalk::put(): Argument #4 ($delay) must be between 0 and 4294967295
ValueError: Beanstalk::put(): Argument #5 ($ttr) must be between 0 and 4294967295
TypeError: Beanstalk::put(): Argument #3 ($priority) must be of type int, string given
ValueError: Beanstalk::put(): Argument #5 ($ttr) must be between 0 and 4294967295
ArgumentCountError: Beanstalk::put() expects at most 5 arguments, 6 given
ValueError: Beanstalk::delete(): Argument #1 ($id) must not be negative
TypeError: Beanstalk::delete(): Argument #1 ($id) must be of type int, string given
ArgumentCountError: Beanstalk::delete() expects at least 1 argument, 0 given
ValueError: Beanstalk::release(): Argument #3 ($priority) must be between 0 and 4294967295
ValueError: Beanstalk::release(): Argument #4 ($delay) must be between 0 and 4294967295
ValueError: Beanstalk::bury(): Argument #3 ($priority) must be between 0 and 4294967295
ValueError: Beanstalk::kick(): Argument #1 ($bound) must be between 0 and 4294967295
ValueError: Beanstalk::pause_tube(): Argument #2 ($delay) must be between 0 and 4294967295
ValueError: Beanstalk::reserve(): Argument #2 ($timeout) must be a number of seconds, 0 or more, or null
ValueError: Beanstalk::reserve(): Argument #2 ($timeout) must be a number of seconds, 0 or more, or null
ValueError: Beanstalk::reserve(): Argument #2 ($timeout) must be a number of seconds, 0 or more, or null
TypeError: Beanstalk::reserve(): Argument #2 ($timeout) must be of type ?float, string given
ArgumentCountError: BeanstalkPool::put() expects at least 1 argument, 0 given
ValueError: BeanstalkPool::put(): Argument #2 ($priority) must be between 0 and 4294967295
ValueError: BeanstalkPool::put(): Argument #3 ($delay) must be between 0 and 4294967295
ValueError: BeanstalkPool::put(): Argument #4 ($ttr) must be between 0 and 4294967295
TypeError: BeanstalkPool::put(): Argument #1 ($message) must be of type string, int, float, bool, array or object
ValueError: BeanstalkPool::reserve(): Argument #1 ($timeout) must be a number of seconds, 0 or more, or null
ValueError: BeanstalkPool::kick(): Argument #1 ($bound) must be between 0 and 4294967295
TypeError: BeanstalkPool::kick(): Argument #1 ($bound) must be of type int, array given
--- several servers
ValueError: Beanstalk::delete(): Argument #2 ($tube) must be given, since it says which of the servers is meant
ValueError: Beanstalk::kick(): Argument #2 ($tube) must be given, since it says which of the servers is meant
ValueError: Beanstalk::peek_ready(): Argument #1 ($tube) must be given, since it says which of the servers is meant
ValueError: Beanstalk::list_tube_used(): Argument #1 ($tube) must be given, since it says which of the servers is meant
false

--TEST--
Code that runs after the modules' end of a request, of sessions and streams, leaves nothing to the next one or to the process' end
--EXTENSIONS--
trellis
beanstalk
zookeeper
session
--SKIPIF--
<?php if (getenv('SKIP_SLOW_TESTS')) echo 'skip it would take minutes under valgrind'; ?>
--FILE--
<?php
require __DIR__ . '/common.inc';
$script = tempnam(sys_get_temp_dir(), 'late');
file_put_contents($script, '<?php
    function late($where) {
        try {
            Trellis\Timer::every(1, function () { error_log("a late timer"); });
            error_log("$where: there is a timer");
        } catch (RuntimeException $exception) {
            error_log("$where: {$exception->getMessage()}");
        }
        Beanstalk::init()->addServer("127.0.0.1", 1);
        error_log("$where: " . count(Beanstalk::init()->getServers()) . " servers");
        $GLOBALS["zookeeper"] = $zookeeper = new Zookeeper(getenv("TRELLIS_ZOOKEEPER"), fn() => error_log("a late state"));
        error_log("$where: " . json_encode($zookeeper->exists("/nothing", function () use ($zookeeper) { error_log("a late event"); })));
        usleep(5000);
    }
    class Late implements SessionHandlerInterface {
        public $context;
        function open($path, $name): bool { return true; }
        function close(): bool { return true; }
        function read($id): string { return ""; }
        function write($id, $data): bool { late("session"); return true; }
        function destroy($id): bool { return true; }
        function gc($lifetime): int { return 0; }
        function stream_open($path, $mode, $options, &$opened) { return true; }
        function stream_close() { late("stream"); }
    }
    for ($round = 0; $round < 10000; $round++) $filled[] = [$round];
    stream_wrapper_register("late", "Late");
    session_set_save_handler(new Late, false);
    session_start();
    $_SESSION["count"] = 1;
    $stream = fopen("late://one", "w");
    error_log(count(Beanstalk::init()->getServers()) . " servers at first");
');
$settings = ['-n', '-d', 'display_errors=0', '-d', 'error_log=' . $log = "$script.log", '-d', 'session.use_cookies=0', '-d', 'session.cache_limiter='];
foreach (explode("\0", file_get_contents('/proc/self/cmdline')) as $argument) {
    if (preg_match('#^extension=.*/(trellis|beanstalk|zookeeper)\.so$#', $argument)) array_push($settings, '-d', $argument);
}
/** What the script has had to say. */
function said(string $log): string {
    $said = preg_replace('/^\[.*?\] /m', '', file_get_contents($log));
    unlink($log);
    return $said;
}
$nothing = ['file', '/dev/null', 'w'];
echo "On the command line\n";
$process = proc_open([PHP_BINARY, ...$settings, $script], [1 => $nothing, 2 => $nothing], $pipes);
var_dump(proc_close($process));
echo $once = said($log);
echo "In php -S\n";
$process = proc_open([PHP_BINARY, ...$settings, '-S', '127.0.0.1:0', $script], [1 => $nothing, 2 => ['pipe', 'w']], $pipes);
while (!preg_match('#http://(127\.0\.0\.1:\d+)\)#', fgets($pipes[2]), $match));
for ($request = 0; $request < 3; $request++) file_get_contents("http://$match[1]/");
// The last one may not be through with its end.
for ($tries = 0; file_get_contents($log) !== '' && substr_count(file_get_contents($log), 'stream: false') < 3 && $tries < 1000; $tries++) usleep(10000);
var_dump(proc_get_status($process)['running'], said($log) === str_repeat($once, 3));
proc_terminate($process);
unlink($script);
?>
--EXPECT--
On the command line
int(0)
0 servers at first
session: there can be no timer: the request is over
session: 0 servers
session: false
stream: there can be no timer: the request is over
stream: 0 servers
stream: false
In php -S
bool(true)
bool(true)

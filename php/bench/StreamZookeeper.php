<?php
/**
 * A client of ZooKeeper's protocol in PHP alone, with get and set as the class `Zookeeper` has them: pack and unpack make and
 * read the bytes, and a stream carries them. It is what the module is measured against where the C extension isn't there, and
 * knows only what that takes: no watches, and pings only by its requests.
 */
final class StreamZookeeper
{
    private const GET_DATA = 4;
    private const SET_DATA = 5;
    private const STAT = 'Jczxid/Jmzxid/Jctime/Jmtime/Nversion/Ncversion/Naversion/JephemeralOwner/NdataLength/NnumChildren/Jpzxid';
    private const STAT_BYTES = 68;

    /** @var resource */
    private $stream;
    private int $number = 0;

    public function __construct(string $address)
    {
        $stream = stream_socket_client("tcp://$address", $code, $message, 5.0);
        if ($stream === false) {
            throw new RuntimeException("cannot connect to $address: $message");
        }
        stream_set_timeout($stream, 5);
        $this->stream = $stream;
        $this->send(pack('NJNJ', 0, 0, 10_000, 0) . self::text(str_repeat("\0", 16)) . "\0");
        $this->receive();
    }

    public function get(string $path, mixed $watcher = null, ?array &$stat = null): ?string
    {
        $reply = $this->ask(self::GET_DATA, self::text($path) . "\0");
        $stat = unpack(self::STAT, $reply, strlen($reply) - self::STAT_BYTES);
        $length = unpack('N', $reply)[1];
        return $length === 0xffffffff ? null : substr($reply, 4, $length);
    }

    public function set(string $path, string $value, int $version = -1, ?array &$stat = null): bool
    {
        $reply = $this->ask(self::SET_DATA, self::text($path) . self::text($value) . pack('N', $version));
        $stat = unpack(self::STAT, $reply);
        return true;
    }

    private function ask(int $operation, string $request): string
    {
        $this->send(pack('NN', ++$this->number, $operation) . $request);
        $reply = $this->receive();
        ['number' => $number, 'error' => $error] = unpack('Nnumber/Jtransaction/Nerror', $reply);
        if ($number !== $this->number || $error !== 0) {
            throw new RuntimeException("the server answers $error to request $number");
        }
        return substr($reply, 16);
    }

    private function send(string $frame): void
    {
        for ($bytes = self::text($frame); $bytes !== ''; $bytes = substr($bytes, $count)) {
            $count = fwrite($this->stream, $bytes);
            if ($count === false || $count === 0) {
                throw new RuntimeException('the connection is lost');
            }
        }
    }

    private function receive(): string
    {
        return $this->read(unpack('N', $this->read(4))[1]);
    }

    private function read(int $length): string
    {
        $bytes = '';
        while (strlen($bytes) < $length) {
            $part = fread($this->stream, $length - strlen($bytes));
            if ($part === false || $part === '') {
                throw new RuntimeException('the connection is lost');
            }
            $bytes .= $part;
        }
        return $bytes;
    }

    private static function text(string $bytes): string
    {
        return pack('N', strlen($bytes)) . $bytes;
    }
}

<?php
/**
 * A client of beanstalkd's protocol in PHP alone, as the usual libraries are made: a command is an object with a line and
 * perhaps data, a reply is parsed into an object, a job is one, and a stream carries the bytes by fwrite, fgets and fread.
 * It is what the module is measured against, and knows only what that takes.
 */
final class StreamClient
{
    private StreamSocket $socket;

    public function __construct(string $address)
    {
        $this->socket = new StreamSocket($address);
    }

    public function useTube(string $tube): void
    {
        $this->dispatch(new StreamCommand("use $tube", 'USING'));
    }

    public function watch(string $tube): void
    {
        $this->dispatch(new StreamCommand("watch $tube", 'WATCHING'));
    }

    public function put(string $data, int $priority = 1024, int $delay = 0, int $timeToRun = 60): StreamJob
    {
        $line = sprintf('put %d %d %d %d', $priority, $delay, $timeToRun, strlen($data));
        $reply = $this->dispatch(new StreamCommand($line, 'INSERTED', $data));
        return new StreamJob((int) $reply->words[1], $data);
    }

    public function reserveWithTimeout(int $timeout): StreamJob
    {
        $reply = $this->dispatch(new StreamCommand("reserve-with-timeout $timeout", 'RESERVED'));
        return new StreamJob((int) $reply->words[1], $reply->data);
    }

    public function delete(StreamJob $job): void
    {
        $this->dispatch(new StreamCommand(sprintf('delete %d', $job->id), 'DELETED'));
    }

    private function dispatch(StreamCommand $command): StreamReply
    {
        $bytes = $command->line . "\r\n";
        if ($command->data !== null) {
            $bytes .= $command->data . "\r\n";
        }
        $this->socket->write($bytes);
        $words = explode(' ', $this->socket->line());
        if ($words[0] !== $command->expected) {
            throw new RuntimeException("the server says $words[0] to $command->line");
        }
        $data = null;
        if ($words[0] === 'RESERVED') {
            $data = $this->socket->read((int) $words[2]);
            if ($this->socket->read(2) !== "\r\n") {
                throw new RuntimeException('the body does not end where it should');
            }
        }
        return new StreamReply($words, $data);
    }
}

final class StreamCommand
{
    public function __construct(
        public readonly string $line,
        public readonly string $expected,
        public readonly ?string $data = null,
    ) {
    }
}

final class StreamReply
{
    /** @param list<string> $words */
    public function __construct(public readonly array $words, public readonly ?string $data)
    {
    }
}

final class StreamJob
{
    public function __construct(public readonly int $id, public readonly string $data)
    {
    }
}

final class StreamSocket
{
    /** @var resource */
    private $stream;

    public function __construct(string $address, float $timeout = 5.0)
    {
        $stream = stream_socket_client("tcp://$address", $code, $message, $timeout);
        if ($stream === false) {
            throw new RuntimeException("cannot connect to $address: $message");
        }
        stream_set_timeout($stream, (int) $timeout);
        $this->stream = $stream;
    }

    public function write(string $bytes): void
    {
        while ($bytes !== '') {
            $count = fwrite($this->stream, $bytes);
            if ($count === false || $count === 0) {
                throw new RuntimeException('the connection is lost');
            }
            $bytes = substr($bytes, $count);
        }
    }

    public function line(): string
    {
        $line = fgets($this->stream, 8192);
        if ($line === false) {
            throw new RuntimeException('the connection is lost');
        }
        return rtrim($line);
    }

    public function read(int $length): string
    {
        $data = '';
        while (strlen($data) < $length) {
            $part = fread($this->stream, $length - strlen($data));
            if ($part === false || $part === '') {
                throw new RuntimeException('the connection is lost');
            }
            $data .= $part;
        }
        return $data;
    }
}

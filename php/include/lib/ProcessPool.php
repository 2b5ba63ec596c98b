<?php // The pool of the module trellis under its old names, with exceptions of the old class.

namespace Lifo\IPC;

interface ProcessInterface extends \Trellis\ProcessInterface
{
}

class ProcessPoolException extends \Trellis\ProcessPoolException
{
}

class ProcessPool extends \Trellis\ProcessPool
{
    public function get($timeout = null, $nullOnTimeout = false)
    {
        return self::renamed(fn() => parent::get($timeout, $nullOnTimeout));
    }

    public function getAll($timeout = null, $nullOnTimeout = false)
    {
        return self::renamed(fn() => parent::getAll($timeout, $nullOnTimeout));
    }

    public function getResult()
    {
        return self::renamed(fn() => parent::getResult());
    }

    private static function renamed(callable $call)
    {
        try {
            return $call();
        } catch (\Trellis\ProcessPoolException $exception) {
            throw new ProcessPoolException($exception->getMessage(), $exception->getCode(), $exception);
        }
    }
}

--TEST--
The module has its name, and reflection shows each method's parameters with their types and defaults
--EXTENSIONS--
beanstalk
--FILE--
<?php
var_dump(extension_loaded('beanstalk'));
$module = new ReflectionExtension('beanstalk');
foreach ($module->getClasses() as $class) {
    $parent = $class->getParentClass();
    echo $class->getName(), $parent ? " extends {$parent->getName()}" : '', "\n";
    foreach ($class->getReflectionConstants() as $constant) {
        if ($constant->getDeclaringClass()->getName() !== $class->getName()) continue;
        echo "  {$constant->getName()} = {$constant->getValue()}\n";
    }
    foreach ($class->getMethods() as $method) {
        if ($method->getDeclaringClass()->getName() !== $class->getName()) continue;
        $parameters = [];
        foreach ($method->getParameters() as $parameter) {
            $default = $parameter->isDefaultValueAvailable() ? ' = ' . $parameter->getDefaultValueConstantName() . var_export($parameter->getDefaultValue(), true) : '';
            $parameters[] = $parameter->getType() . ' $' . $parameter->getName() . $default;
        }
        echo '  ', implode(' ', Reflection::getModifierNames($method->getModifiers())), ' ', $method->getName(), '(', implode(', ', $parameters), ")\n";
    }
}
?>
--EXPECT--
bool(true)
BeanstalkException extends Exception
  OUT_OF_MEMORY = 5001
  INTERNAL_ERROR = 5002
  BAD_FORMAT = 5003
  UNKNOWN_COMMAND = 5004
  BURIED = 5050
  NOT_FOUND = 5051
  EXPECTED_CRLF = 5052
  JOB_TOO_BIG = 5053
  DEADLINE_SOON = 5054
  TIMED_OUT = 5055
  NOT_IGNORED = 5057
  DRAINING = 5058
  UNKNOWN = 5096
  SERVER_OFFLINE = 6001
  SERVER_READ = 6050
  SERVER_BUSY = 6052
BeanstalkConnectionException extends BeanstalkException
BeanstalkNotFoundException extends BeanstalkException
BeanstalkTimedOutException extends BeanstalkException
BeanstalkDeadlineSoonException extends BeanstalkException
BeanstalkJobTooBigException extends BeanstalkException
BeanstalkJob
  private __construct()
  public getId()
  public getMessage()
  public getBody()
  public getServer()
  public delete()
  public touch()
  public kick()
  public release(?int $priority = NULL, int $delay = 0)
  public bury(?int $priority = NULL)
  public stats()
  public __debugInfo()
BeanstalkPool
  public addServer(string $host, int $port = 11300, float $timeout = 5.0)
  public getServers()
  public connect()
  public close()
  public put(mixed $message, int $priority = 65536, int $delay = 0, int $ttr = 120)
  public reserve(?float $timeout = NULL)
  public kick(int $bound)
  public peekReady()
  public peekDelayed()
  public peekBuried()
  public stats()
  public statsTube(string $tube)
  public listTubes()
  public pauseTube(string $tube, int $delay)
  public useTube(string $tube)
  public use(string $tube)
  public watchTube(string $tube)
  public watch(string $tube)
  public ignoreTube(string $tube)
  public ignore(string $tube)
Beanstalk
  public static init()
  public addserver(string $host, int $port = 11300, float $timeout = 5.0)
  public close()
  public stats()
  public list_tubes()
  public use(string $tube)
  public watch(string $tube)
  public ignore(string $tube)
  public pause_tube(string $tube, int $delay)
  public stats_tube(string $tube)
  public kick(int $bound, ?string $tube = NULL)
  public peek_ready(?string $tube = NULL)
  public peek_delayed(?string $tube = NULL)
  public peek_buried(?string $tube = NULL)
  public list_tube_used(?string $tube = NULL)
  public list_tubes_watched(?string $tube = NULL)
  public reserve(?string $tube = NULL, ?float $timeout = NULL)
  public put(string $tube, string $data, int $priority = 1024, int $delay = 0, int $ttr = 60)
  public delete(int $id, ?string $tube = NULL)
  public touch(int $id, ?string $tube = NULL)
  public kick_job(int $id, ?string $tube = NULL)
  public bury(int $id, ?string $tube = NULL, ?int $priority = NULL)
  public release(int $id, ?string $tube = NULL, ?int $priority = NULL, int $delay = 0)
  public peek(int $id, ?string $tube = NULL)
  public reserve_job(int $id, ?string $tube = NULL)
  public stats_job(int $id, ?string $tube = NULL)

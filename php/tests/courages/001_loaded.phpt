--TEST--
The module is there, with its functions, their parameters and types
--EXTENSIONS--
courages
--FILE--
<?php
var_dump(extension_loaded('courages'));
foreach (get_extension_funcs('courages') as $name) {
    $function = new ReflectionFunction($name);
    $parameters = array_map(fn($parameter) => "{$parameter->getType()} \${$parameter->getName()}", $function->getParameters());
    echo $name, '(', implode(', ', $parameters), '): ', $function->getReturnType(), "\n";
}
?>
--EXPECT--
bool(true)
courages_helloworld(string $name): string
courages_server(string $key): mixed
courages_sapi(): mixed
courages_is_dir(string $path): bool
courages_call(callable $callback, mixed $value): mixed

--TEST--
The stubs for IDEs are what the module has
--EXTENSIONS--
zookeeper
--FILE--
<?php
// The stubs' classes get a namespace, so that both can be looked at side by side.
$text = file_get_contents(dirname(__DIR__, 2) . '/stubs/zookeeper.php');
$text = preg_replace('/(?<=extends )Exception\b/', '\Exception', $text);
eval('namespace Stub; ' . substr($text, strlen('<?php')));
function signature(ReflectionMethod $method): string {
    $parameters = array_map(function ($parameter) {
        $default = $parameter->isOptional() ? ' = ' . var_export($parameter->getDefaultValue(), true) : '';
        return $parameter->getType() . ($parameter->isPassedByReference() ? ' &' : ' ') . '$' . $parameter->getName() . $default;
    }, $method->getParameters());
    return implode(' ', Reflection::getModifierNames($method->getModifiers())) . " {$method->getName()}(" . implode(', ', $parameters) . ')';
}
function members(string $class): array {
    $class = new ReflectionClass($class);
    $methods = array_map('signature', array_filter($class->getMethods(), fn($method) => !method_exists('Exception', $method->getName())));
    sort($methods);
    return [$methods, $class->getConstants(), str_replace('Stub\\', '', $class->getParentClass() ? $class->getParentClass()->getName() : '')];
}
$classes = (new ReflectionExtension('zookeeper'))->getClassNames();
foreach ($classes as $class) {
    if (members($class) !== members("Stub\\$class")) var_dump($class, members($class), members("Stub\\$class"));
}
$stubs = array_filter(get_declared_classes(), fn($class) => str_starts_with($class, 'Stub\\'));
var_dump(count($classes) === count($stubs));
?>
--EXPECT--
bool(true)

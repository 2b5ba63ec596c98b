--TEST--
The stubs for editors are what the module has
--EXTENSIONS--
trellis
--FILE--
<?php
// The stubs' classes get another namespace, so that both can be looked at side by side.
$text = file_get_contents(dirname(__DIR__, 2) . '/stubs/trellis.php');
eval(str_replace('namespace Trellis;', 'namespace Stub\Trellis;', substr($text, strlen('<?php'))));
function signature(ReflectionMethod $method): string {
    $parameters = array_map(function ($parameter) {
        $default = match (true) {
            $parameter->isVariadic() => '...',
            $parameter->isOptional() => ' = ' . var_export($parameter->getDefaultValue(), true),
            default => '',
        };
        return $parameter->getType() . ' $' . $parameter->getName() . $default;
    }, $method->getParameters());
    $modifiers = implode(' ', Reflection::getModifierNames($method->getModifiers()));
    return "$modifiers {$method->getName()}(" . implode(', ', $parameters) . '): ' . str_replace('Stub\\', '', (string) $method->getReturnType());
}
function members(string $class): array {
    $class = new ReflectionClass($class);
    $methods = array_map('signature', array_filter($class->getMethods(), fn($method) => !method_exists('Exception', $method->getName()) || $method->getName() === '__construct' && !$class->isSubclassOf('Exception')));
    sort($methods);
    $interfaces = array_diff($class->getInterfaceNames(), ['Throwable', 'Stringable']);
    return [$methods, $class->getConstants(), str_replace('Stub\\', '', $class->getParentClass() ? $class->getParentClass()->getName() : ''), $interfaces];
}
$classes = (new ReflectionExtension('trellis'))->getClassNames();
foreach ($classes as $class) {
    if (members($class) !== members("Stub\\$class")) var_dump($class, members($class), members("Stub\\$class"));
}
$stubs = array_filter([...get_declared_classes(), ...get_declared_interfaces()], fn($class) => str_starts_with($class, 'Stub\\'));
var_dump(count($classes), count($classes) === count($stubs));
?>
--EXPECT--
int(19)
bool(true)

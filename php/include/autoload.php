<?php // Old names of what the module trellis has, for scripts that know those. Include it before their first use.

spl_autoload_register(static function (string $class): void {
    if (str_starts_with($class, 'Lifo\IPC\Process')) {
        require_once __DIR__ . '/lib/ProcessPool.php';
    }
});

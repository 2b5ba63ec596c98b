//! Signals without ticks: handlers run between two statements, as after `pcntl_async_signals(true)`, unless php.ini says
//! `trellis.async_signals = 0`.

use ext_php_rs::flags::IniEntryPermission;
use ext_php_rs::zend::{IniEntryDef, IniEntryDefs};
use trellis_php_host::{call_function, has_function, setting, value};

static SETTINGS: IniEntryDefs<2> = IniEntryDefs::new([
    IniEntryDef::new(c"trellis.async_signals", c"1", IniEntryPermission::PerDir),
    IniEntryDef::end(),
]);

/// Makes the setting known.
pub(crate) fn register(module: i32) {
    IniEntryDef::register(SETTINGS.as_slice(), module);
}

/// Has its effect at the beginning of a request.
pub(crate) fn begin() {
    if setting(c"trellis.async_signals") == 0 || !has_function("pcntl_async_signals") {
        return;
    }
    // It has no way to fail.
    let _ = call_function("pcntl_async_signals", [value(true)]);
}

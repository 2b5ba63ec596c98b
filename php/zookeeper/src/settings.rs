//! What php.ini says about this module.

use ext_php_rs::flags::IniEntryPermission;
use ext_php_rs::zend::{IniEntryDef, IniEntryDefs};
use trellis_php_host::setting;

/// `sess_lock_wait`, the time between two tries to lock a session, is there for the php.ini that has it: nothing is tried
/// again and again, since a watch tells when the lock is free.
static ENTRIES: IniEntryDefs<4> = IniEntryDefs::new([
    IniEntryDef::new(c"zookeeper.recv_timeout", c"10000", IniEntryPermission::All),
    IniEntryDef::new(c"zookeeper.session_lock", c"1", IniEntryPermission::System),
    IniEntryDef::new(c"zookeeper.sess_lock_wait", c"150000", IniEntryPermission::All),
    IniEntryDef::end(),
]);

/// Tells PHP of the settings; in the module's start-up.
pub(crate) fn register(module: i32) {
    IniEntryDef::register(ENTRIES.as_slice(), module);
}

/// How long a session lives without a sign of its client unless the script says otherwise, in milliseconds.
pub(crate) fn receive_timeout_ms() -> i64 {
    setting(c"zookeeper.recv_timeout")
}

/// Whether PHP's sessions are locked.
pub(crate) fn session_lock() -> bool {
    setting(c"zookeeper.session_lock") != 0
}

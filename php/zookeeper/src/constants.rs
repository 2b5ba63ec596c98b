//! The constants of the class `Zookeeper`.

use trellis_zk_client::{Acl, State, permissions};

/// Names and values, as PHP users know them.
pub(crate) const ALL: &[(&str, i32)] = &[
    ("PERM_READ", permissions::READ),
    ("PERM_WRITE", permissions::WRITE),
    ("PERM_CREATE", permissions::CREATE),
    ("PERM_DELETE", permissions::DELETE),
    ("PERM_ADMIN", permissions::ADMIN),
    ("PERM_ALL", Acl::OPEN.permissions),
    ("EPHEMERAL", 1),
    ("SEQUENCE", 2),
    ("EXPIRED_SESSION_STATE", EXPIRED_SESSION),
    ("AUTH_FAILED_STATE", AUTH_FAILED),
    ("CONNECTING_STATE", CONNECTING),
    ("ASSOCIATING_STATE", 2),
    ("CONNECTED_STATE", CONNECTED),
    ("READONLY_STATE", READ_ONLY),
    ("NOTCONNECTED_STATE", NOT_CONNECTED),
    ("CREATED_EVENT", 1),
    ("DELETED_EVENT", 2),
    ("CHANGED_EVENT", 3),
    ("CHILD_EVENT", 4),
    ("SESSION_EVENT", SESSION_EVENT),
    ("NOTWATCHING_EVENT", -2),
    ("LOG_LEVEL_ERROR", 1),
    ("LOG_LEVEL_WARN", 2),
    ("LOG_LEVEL_INFO", 3),
    ("LOG_LEVEL_DEBUG", 4),
    ("SYSTEMERROR", -1),
    ("RUNTIMEINCONSISTENCY", -2),
    ("DATAINCONSISTENCY", -3),
    ("CONNECTIONLOSS", -4),
    ("MARSHALLINGERROR", -5),
    ("UNIMPLEMENTED", -6),
    ("OPERATIONTIMEOUT", -7),
    ("BADARGUMENTS", -8),
    ("INVALIDSTATE", -9),
    ("NEWCONFIGNOQUORUM", -13),
    ("RECONFIGINPROGRESS", -14),
    ("OK", 0),
    ("APIERROR", -100),
    ("NONODE", -101),
    ("NOAUTH", -102),
    ("BADVERSION", -103),
    ("NOCHILDRENFOREPHEMERALS", -108),
    ("NODEEXISTS", -110),
    ("NOTEMPTY", -111),
    ("SESSIONEXPIRED", -112),
    ("INVALIDCALLBACK", -113),
    ("INVALIDACL", -114),
    ("AUTHFAILED", -115),
    ("CLOSING", -116),
    ("NOTHING", -117),
    ("SESSIONMOVED", -118),
];

/// The kind of event that a change of state is.
pub(crate) const SESSION_EVENT: i32 = -1;

const EXPIRED_SESSION: i32 = -112;
const AUTH_FAILED: i32 = -113;
const CONNECTING: i32 = 1;
/// What events of nodes carry.
pub(crate) const CONNECTED: i32 = 3;
const READ_ONLY: i32 = 5;
/// There was never a connection.
pub(crate) const NOT_CONNECTED: i32 = 999;

/// How a state is called in PHP.
pub(crate) fn state_number(state: State) -> i32 {
    match state {
        State::Connecting | State::Overdue => CONNECTING,
        State::Connected => CONNECTED,
        State::ConnectedReadOnly => READ_ONLY,
        State::Expired => EXPIRED_SESSION,
        State::AuthFailed => AUTH_FAILED,
        State::Closed => NOT_CONNECTED,
    }
}

//! Why a request of ZooKeeper's protocol is refused, and the number that stands for it on the wire.

/// What a client is told instead of what it asked for. Names and numbers are ZooKeeper's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[repr(i32)]
pub enum Error {
    /// An operation of a multi that was given up because one before it failed.
    #[error("the multi was given up before this operation")]
    RuntimeInconsistency = -2,
    /// The server can't read the request. Only servers say this, through [`Command::Refuse`](super::Command)
    /// and [`Op::Refuse`](super::Op).
    #[error("the request cannot be read")]
    MarshallingError = -5,
    /// The server doesn't offer the operation. Only servers say this.
    #[error("the server does not offer this operation")]
    Unimplemented = -6,
    /// A path, a TTL or another argument is none.
    #[error("an argument is not valid")]
    BadArguments = -8,
    /// No znode has this path.
    #[error("there is no such znode")]
    NoNode = -101,
    /// The ACL doesn't permit it.
    #[error("the access control list does not permit this")]
    NoAuth = -102,
    /// The znode has another version than the request expects.
    #[error("the znode has another version")]
    BadVersion = -103,
    /// The parent is ephemeral.
    #[error("an ephemeral znode cannot have children")]
    NoChildrenForEphemerals = -108,
    /// A znode has this path already.
    #[error("the znode exists already")]
    NodeExists = -110,
    /// The znode has children.
    #[error("the znode has children")]
    NotEmpty = -111,
    /// The session is over. Only servers say this: to the state, a session that is over was never there.
    #[error("the session has expired")]
    SessionExpired = -112,
    /// The access control list is empty, or has a scheme or id that means nothing.
    #[error("the access control list is not valid")]
    InvalidAcl = -114,
    /// The connection isn't, or is no longer, the one of its session.
    #[error("the session has moved to another connection")]
    SessionMoved = -118,
    /// Membership is not changed this way. Only servers say this.
    #[error("reconfiguration is disabled")]
    ReconfigDisabled = -123,
    /// A hard quota would be exceeded.
    #[error("the quota is exceeded")]
    QuotaExceeded = -125,
}

impl Error {
    /// The number on the wire.
    #[must_use]
    pub const fn code(self) -> i32 {
        self as i32
    }

    /// The error with this number, if core has one.
    #[must_use]
    pub fn from_code(code: i32) -> Option<Self> {
        const ALL: [Error; 15] = [
            Error::RuntimeInconsistency,
            Error::MarshallingError,
            Error::Unimplemented,
            Error::BadArguments,
            Error::NoNode,
            Error::NoAuth,
            Error::BadVersion,
            Error::NoChildrenForEphemerals,
            Error::NodeExists,
            Error::NotEmpty,
            Error::SessionExpired,
            Error::InvalidAcl,
            Error::SessionMoved,
            Error::ReconfigDisabled,
            Error::QuotaExceeded,
        ];
        ALL.into_iter().find(|error| error.code() == code)
    }
}

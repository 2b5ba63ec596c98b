//! The codes with which a server refuses: their numbers, names and meanings.

use std::fmt;

/// Defines the enum and everything that is told of each code, in one table.
macro_rules! error_codes {
    ($($code:ident = $number:literal, $meaning:literal;)*) => {
        /// Why a server has not done what it was asked: the `err` of a reply, other than 0.
        ///
        /// ```
        /// use trellis_zk_codec::ErrorCode;
        ///
        /// assert_eq!(ErrorCode::from_number(-101), Some(ErrorCode::NoNode));
        /// assert_eq!(ErrorCode::from_number(0), None);
        /// assert_eq!((ErrorCode::NoNode.number(), ErrorCode::NoNode.name()), (-101, "NoNode"));
        /// assert_eq!(ErrorCode::NoNode.to_string(), "the node does not exist (NoNode, -101)");
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $(#[doc = concat!(stringify!($number), ": ", $meaning, ".")] $code,)*
            /// A number that this crate doesn't know, from a newer server. It is never 0 or a known one.
            Unknown(i32),
        }

        impl ErrorCode {
            /// All that have a name, from -1 downwards.
            pub const ALL: &[Self] = &[$(Self::$code,)*];

            /// The number in the protocol.
            pub const fn number(self) -> i32 {
                match self {
                    $(Self::$code => $number,)*
                    Self::Unknown(number) => number,
                }
            }

            /// The code with this number; `None` for 0, which is success.
            pub const fn from_number(number: i32) -> Option<Self> {
                match number {
                    0 => None,
                    $($number => Some(Self::$code),)*
                    _ => Some(Self::Unknown(number)),
                }
            }

            /// The name by which ZooKeeper's users know it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$code => stringify!($code),)*
                    Self::Unknown(_) => "Unknown",
                }
            }

            const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$code => $meaning,)*
                    Self::Unknown(_) => "the server gives a reason that is not known here",
                }
            }
        }
    };
}

error_codes! {
    SystemError = -1, "the server is at fault";
    RuntimeInconsistency = -2, "an operation was left out because one before it failed";
    DataInconsistency = -3, "the server has found its data damaged";
    ConnectionLoss = -4, "the connection to the server is lost";
    MarshallingError = -5, "the request could not be read";
    Unimplemented = -6, "the server does not have this operation";
    OperationTimeout = -7, "the operation took too long";
    BadArguments = -8, "an argument is not valid";
    UnknownSession = -12, "the session is not known";
    NewConfigNoQuorum = -13, "the new members have no majority that is connected and up to date";
    ReconfigInProgress = -14, "another change of the members is not finished";
    ApiError = -100, "the request is at fault";
    NoNode = -101, "the node does not exist";
    NoAuth = -102, "the client has no permission";
    BadVersion = -103, "the node has another version";
    NoChildrenForEphemerals = -108, "an ephemeral node can't have children";
    NodeExists = -110, "the node exists already";
    NotEmpty = -111, "the node has children";
    SessionExpired = -112, "the session has expired";
    InvalidCallback = -113, "a callback is not valid";
    InvalidAcl = -114, "the access control list is not valid";
    AuthFailed = -115, "the client could not be authenticated";
    SessionMoved = -118, "the session has moved to another connection";
    NotReadOnly = -119, "the server only answers reads now";
    EphemeralOnLocalSession = -120, "a local session can't have ephemeral nodes";
    NoWatcher = -121, "there is no such watch";
    RequestTimeout = -122, "the request was not finished in time";
    ReconfigDisabled = -123, "changing the members is turned off";
    SessionClosedRequireSaslAuth = -124, "the server asks for authentication by SASL";
    QuotaExceeded = -125, "a quota is used up";
    ThrottledOp = -127, "the server is overloaded and has not tried; ask again later";
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({}, {})", self.meaning(), self.name(), self.number())
    }
}

impl std::error::Error for ErrorCode {}

//! ZooKeeper's operations: their numbers, their names, and what their answers hold.

use std::fmt::{self, Display, Formatter};

/// What an answer without an error holds behind its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Nothing,
    Path,
    PathAndStat,
    Stat,
    DataAndStat,
    AclAndStat,
    /// Names or paths, in any order.
    Names,
    NamesAndStat,
    Number,
    Results,
    Identities,
    Token,
}

macro_rules! operations {
    ($($operation:ident = $number:literal, $name:literal, $answer:ident;)*) => {
        /// An operation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Operation {
            $($operation,)*
            /// One that is not in the table.
            Other(i32),
        }

        impl Operation {
            #[cfg(test)]
            pub(super) const ALL: &[Operation] = &[$(Operation::$operation),*];

            pub(super) fn number(self) -> i32 {
                match self {
                    $(Operation::$operation => $number,)*
                    Operation::Other(number) => number,
                }
            }

            pub(super) fn from_number(number: i32) -> Operation {
                match number {
                    $($number => Operation::$operation,)*
                    _ => Operation::Other(number),
                }
            }

            /// What its answer holds if it has succeeded.
            pub(super) fn answer(self) -> Answer {
                match self {
                    $(Operation::$operation => Answer::$answer,)*
                    Operation::Other(_) => Answer::Nothing,
                }
            }
        }

        impl Display for Operation {
            fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
                match self {
                    $(Operation::$operation => formatter.write_str($name),)*
                    Operation::Other(number) => write!(formatter, "operation {number}"),
                }
            }
        }
    };
}

operations! {
    Create = 1, "create", Path;
    Delete = 2, "delete", Nothing;
    Exists = 3, "exists", Stat;
    GetData = 4, "getData", DataAndStat;
    SetData = 5, "setData", Stat;
    GetAcl = 6, "getACL", AclAndStat;
    SetAcl = 7, "setACL", Stat;
    GetChildren = 8, "getChildren", Names;
    Sync = 9, "sync", Path;
    Ping = 11, "ping", Nothing;
    GetChildren2 = 12, "getChildren2", NamesAndStat;
    Check = 13, "check", Nothing;
    Multi = 14, "multi", Results;
    Create2 = 15, "create2", PathAndStat;
    Reconfig = 16, "reconfig", DataAndStat;
    CheckWatches = 17, "checkWatches", Nothing;
    RemoveWatches = 18, "removeWatches", Nothing;
    CreateContainer = 19, "createContainer", PathAndStat;
    CreateTtl = 21, "createTTL", PathAndStat;
    MultiRead = 22, "multiRead", Results;
    Auth = 100, "auth", Nothing;
    SetWatches = 101, "setWatches", Nothing;
    Sasl = 102, "sasl", Token;
    GetEphemerals = 103, "getEphemerals", Names;
    GetAllChildrenNumber = 104, "getAllChildrenNumber", Number;
    SetWatches2 = 105, "setWatches2", Nothing;
    AddWatch = 106, "addWatch", Number;
    WhoAmI = 107, "whoAmI", Identities;
    CloseSession = -11, "closeSession", Nothing;
}

impl Operation {
    /// Whether it may change what others see.
    pub(super) fn is_write(self) -> bool {
        use Operation::{
            CloseSession, Create, Create2, CreateContainer, CreateTtl, Delete, Multi, Other, Reconfig,
            SetAcl, SetData,
        };
        matches!(
            self,
            Create
                | Create2
                | CreateContainer
                | CreateTtl
                | Delete
                | SetData
                | SetAcl
                | Multi
                | Reconfig
                | CloseSession
                | Other(_)
        )
    }
}

/// The name of an error code, as ZooKeeper's users know it.
pub(super) fn error_name(code: i32) -> &'static str {
    match code {
        0 => "ok",
        -1 => "SystemError",
        -2 => "RuntimeInconsistency",
        -5 => "MarshallingError",
        -6 => "Unimplemented",
        -8 => "BadArguments",
        -100 => "ApiError",
        -101 => "NoNode",
        -102 => "NoAuth",
        -103 => "BadVersion",
        -108 => "NoChildrenForEphemerals",
        -110 => "NodeExists",
        -111 => "NotEmpty",
        -112 => "SessionExpired",
        -114 => "InvalidACL",
        -115 => "AuthFailed",
        -118 => "SessionMoved",
        -121 => "NoWatcher",
        -123 => "ReconfigDisabled",
        -125 => "QuotaExceeded",
        _ => "error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_operations_belong_together() {
        for operation in Operation::ALL {
            assert_eq!(Operation::from_number(operation.number()), *operation);
        }
        assert_eq!(Operation::from_number(77).to_string(), "operation 77");
    }
}

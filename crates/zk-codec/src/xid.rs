//! The request numbers with a meaning of their own. Clients number everything else from 1 upwards.

/// A server's notification, which answers nothing.
pub const NOTIFICATION: i32 = -1;

/// A ping. The real server answers every ping with this number, whichever came with it.
pub const PING: i32 = -2;

/// An authentication. Clients send them between other requests and don't wait for the answer.
pub const AUTH: i32 = -4;

/// The watches that a client sets again after it has reconnected.
pub const SET_WATCHES: i32 = -8;

//! The calls that the safe libraries don't have, each behind the thinnest function that there is. All foreign calls of the
//! workspace are here. What a call is good for is the business of the module that uses it.
//!
//! Those on a fork and on what runs between a fork and a program ask for a promise and are `unsafe` themselves; the modules
//! `process` and `pool` give it or pass it on, and the rest of the workspace has no `unsafe`.

#![allow(unsafe_code, reason = "what this module is for")]

pub(crate) mod fork;
pub(crate) mod locks;
pub(crate) mod msg;
pub(crate) mod peer;
pub(crate) mod program;
pub(crate) mod sem;
pub(crate) mod shm;
pub(crate) mod signals;

/// What a call has returned, or the error that it left behind.
fn checked(returned: libc::c_int) -> std::io::Result<libc::c_int> {
    if returned == -1 { Err(std::io::Error::last_os_error()) } else { Ok(returned) }
}

//! Users by name, with the groups that they are in. Nothing here changes who this process is.

use std::ffi::CString;
use std::io;

use nix::unistd::{User, geteuid, getgrouplist};
use rustix::process::{Gid, Uid};
use trellis_unix::process::Identity;

/// A user of this machine.
pub(super) struct Account {
    /// Whose rights a program gets; `None` if they are those of this process.
    pub(super) identity: Option<Identity>,
    /// What the variable HOME should say.
    pub(super) home: std::path::PathBuf,
    /// What the variables USER and LOGNAME should say.
    pub(super) name: String,
}

/// Looks a user up.
pub(super) fn account(name: &str) -> io::Result<Account> {
    let user = User::from_name(name)?;
    let user = user.ok_or_else(|| io::Error::other(format!("there is no user {name:?} on this machine")))?;
    let identity = if geteuid() == user.uid {
        None
    } else if geteuid().is_root() {
        let name = CString::new(name)?;
        let groups = getgrouplist(&name, user.gid)?;
        Some(Identity {
            user: Uid::from_raw(user.uid.as_raw()),
            group: Gid::from_raw(user.gid.as_raw()),
            groups: groups.into_iter().map(|group| Gid::from_raw(group.as_raw())).collect(),
        })
    } else {
        let message =
            format!("only root can run programs as {name:?}: start the supervisor as root, or as {name}");
        return Err(io::Error::other(message));
    };
    Ok(Account { identity, home: user.dir, name: user.name })
}

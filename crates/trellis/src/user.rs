//! The users of this machine: who runs the server, and whom it becomes with `--user`.

use std::path::Path;

use nix::unistd;
use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Uid, chownat, fstat, open};
use rustix::io::Errno;

use crate::exit::{Exit, Failure};

/// The user that `--user` names.
pub(crate) struct User(unistd::User);

impl User {
    /// Looks the user up, and makes sure that this process can become it.
    pub(crate) fn named(name: &str) -> Result<User, Failure> {
        let user = unistd::User::from_name(name).map_err(|error| failed(name, &error))?;
        let Some(user) = user else {
            let message = format!("there is no user {name:?} on this machine (--user)");
            return Err(Failure::new(Exit::Usage, message));
        };
        let now = unistd::geteuid();
        if now.is_root() || now == user.uid {
            return Ok(User(user));
        }
        let message =
            format!("only root can become user {name:?} (--user), and this is {}", name_of(now.as_raw()));
        Err(Failure::new(Exit::Usage, message).hint("start it as root, or as that user without --user"))
    }

    /// Gives it a socket that was bound before. Anything else that has come to that path meanwhile stays as it is.
    pub(crate) fn take_over(&self, socket: &Path) -> Result<(), Failure> {
        let User(unistd::User { uid, gid, name, .. }) = self;
        let (uid, gid) = (Uid::from_raw(uid.as_raw()), Gid::from_raw(gid.as_raw()));
        let given =
            open(socket, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()).and_then(|file| {
                match FileType::from_raw_mode(fstat(&file)?.st_mode) {
                    FileType::Socket => chownat(&file, "", Some(uid), Some(gid), AtFlags::EMPTY_PATH),
                    _ => Err(Errno::NOTSOCK),
                }
            });
        given.map_err(|error| {
            let message = format!("{} cannot be given to user {name:?} (--user): {error}", socket.display());
            Failure::new(Exit::Internal, message)
        })
    }

    /// Gives up root's rights for this user's, groups first.
    pub(crate) fn enter(&self) -> Result<(), Failure> {
        let User(unistd::User { uid, gid, name, .. }) = self;
        if unistd::geteuid() == *uid {
            return Ok(());
        }
        let c_name = std::ffi::CString::new(name.as_str()).map_err(|_| nix::Error::EINVAL);
        c_name
            .and_then(|c_name| unistd::initgroups(&c_name, *gid))
            .and_then(|()| unistd::setgid(*gid))
            .and_then(|()| unistd::setuid(*uid))
            .map_err(|error| failed(name, &error))
    }
}

fn failed(name: &str, error: &nix::Error) -> Failure {
    Failure::new(Exit::Internal, format!("cannot become user {name:?} (--user): {error}"))
}

/// The user that the server runs as.
pub(crate) fn current() -> String {
    name_of(unistd::geteuid().as_raw())
}

/// The name of a user, or its number if it has none.
pub(crate) fn name_of(uid: u32) -> String {
    let user = unistd::User::from_uid(unistd::Uid::from_raw(uid)).ok().flatten();
    user.map_or_else(|| uid.to_string(), |user| user.name)
}

//! Starting another program under conditions that `std::process::Command` can't ask for. What becomes of it is not
//! watched here: its end comes out of [`reap`](super::reap).

use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, OwnedFd, RawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use rustix::fs::Mode;
use rustix::io::Errno;
use rustix::process::{Gid, Pid, Resource, Rlimit, Signal, Uid, getpid, setrlimit, setsid, umask};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

use crate::clock::BootTime;
use crate::signals;
use crate::sys::program::{Image, before_program, name_descriptor};

/// The conditions under which a program begins. The default changes nothing.
#[derive(Debug, Default)]
pub struct Conditions {
    /// It leads a session and a process group of its own, and has no terminal.
    pub own_session: bool,
    /// It gets this signal when the thread that starts it ends, however that happens.
    pub signal_without_parent: Option<Signal>,
    /// The permissions that files don't get.
    pub umask: Option<u32>,
    /// Whose rights it has.
    pub identity: Option<Identity>,
    /// How many files it may open.
    pub open_files: Option<Rlimit>,
    /// The moment from which it is too late: it does not begin then, which is [`io::ErrorKind::TimedOut`].
    pub not_after: Option<BootTime>,
    /// Descriptors that it finds open as 3 and up.
    pub descriptors: Vec<OwnedFd>,
    /// The variables `LISTEN_PID` and `LISTEN_FDS` tell it of the descriptors, as systemd's services are told. Its
    /// environment then consists of the variables that the command sets, and no others.
    pub announced: bool,
}

/// A user with groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The user.
    pub user: Uid,
    /// The user's own group.
    pub group: Gid,
    /// All groups that the user is in.
    pub groups: Vec<Gid>,
}

/// The first descriptor that is passed.
const DESCRIPTOR_FIRST: RawFd = 3;

/// Starts the program of a command. Its signals have their usual effect and none is held back.
///
/// # Errors
///
/// The program is not there or can't be run, or one of the conditions can't be met.
///
/// # Example
///
/// ```
/// use std::process::Command;
/// use trellis_unix::process::{Conditions, start};
///
/// let conditions = Conditions { own_session: true, umask: Some(0o27), ..Conditions::default() };
/// let mut child = start(&mut Command::new("true"), conditions)?;
/// assert!(child.wait()?.success());
/// # std::io::Result::Ok(())
/// ```
pub fn start(command: &mut Command, conditions: Conditions) -> io::Result<Child> {
    let parent = getpid();
    let count = conditions.descriptors.len();
    let mut image = if conditions.announced { Some(image_of(command, count)?) } else { None };
    let conditions = Conditions { descriptors: out_of_the_way(conditions.descriptors)?, ..conditions };
    let kept_free = hold_places(count)?;
    let work = move || {
        prepare(&conditions, parent)?;
        match &mut image {
            Some(image) => Err(image.become_it()),
            None => Ok(()),
        }
    };
    #[allow(unsafe_code, reason = "what it asks for was looked at")]
    // SAFETY: `prepare` and `become_it` make system calls with values that were there before, and nothing else.
    unsafe {
        before_program(command, work);
    }
    let child = command.spawn();
    drop(kept_free);
    child
}

/// In the child: meets the conditions. Whose rights it has comes late, since the others may need the old ones.
fn prepare(conditions: &Conditions, parent: Pid) -> io::Result<()> {
    signals::hold_none_back()?;
    if conditions.own_session {
        setsid()?;
    }
    if let Some(mask) = conditions.umask {
        umask(Mode::from_raw_mode(mask));
    }
    if let Some(limit) = conditions.open_files {
        setrlimit(Resource::Nofile, limit)?;
    }
    for (descriptor, number) in conditions.descriptors.iter().zip(DESCRIPTOR_FIRST..) {
        name_descriptor(descriptor.as_fd(), number)?;
    }
    if let Some(Identity { user, group, groups }) = &conditions.identity {
        set_thread_groups(groups)?;
        set_thread_res_gid(*group, *group, *group)?;
        set_thread_res_uid(*user, *user, *user)?;
    }
    // Late, as any of these may take its time.
    if conditions.not_after.is_some_and(|too_late| BootTime::now() >= too_late) {
        return Err(Errno::TIMEDOUT.into());
    }
    // Behind the change of user, which would take it back.
    match conditions.signal_without_parent {
        Some(signal) if !super::die_with_parent(parent, signal)? => {
            Err(io::Error::from(io::ErrorKind::NotConnected))
        }
        _ => Ok(()),
    }
}

/// Copies that don't lie where they are to be named: naming one would close another.
fn out_of_the_way(descriptors: Vec<OwnedFd>) -> io::Result<Vec<OwnedFd>> {
    let end = end_of_places(descriptors.len());
    let copy = |descriptor: OwnedFd| Ok(rustix::io::fcntl_dupfd_cloexec(descriptor, end)?);
    descriptors.into_iter().map(copy).collect()
}

/// Takes what is free of the places for descriptors, so that `Command` doesn't use one for itself.
fn hold_places(count: usize) -> io::Result<Vec<OwnedFd>> {
    let mut held = Vec::new();
    loop {
        let place = rustix::event::eventfd(0, rustix::event::EventfdFlags::CLOEXEC)?;
        let number = std::os::fd::AsRawFd::as_raw_fd(&place);
        if number >= end_of_places(count) {
            return Ok(held);
        }
        held.push(place);
    }
}

fn end_of_places(count: usize) -> RawFd {
    DESCRIPTOR_FIRST.saturating_add(RawFd::try_from(count).unwrap_or(RawFd::MAX))
}

/// What the child becomes, with the variables that tell it of its descriptors.
fn image_of(command: &Command, descriptors: usize) -> io::Result<Image> {
    let text = |text: OsString| CString::new(text.into_vec()).map_err(io::Error::from);
    let joined = |name: &OsStr, value: &OsStr| {
        let mut variable = name.to_owned();
        variable.push("=");
        variable.push(value);
        text(variable)
    };
    let path = find(command)?;
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let arguments = words.map(|word| text(word.to_owned())).collect::<io::Result<_>>()?;
    let set = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
    let others = set.filter(|(name, _)| *name != "LISTEN_PID" && *name != "LISTEN_FDS");
    let mut variables = others.map(|(name, value)| joined(name, value)).collect::<io::Result<Vec<_>>>()?;
    variables.push(joined(OsStr::new("LISTEN_FDS"), OsStr::new(&descriptors.to_string()))?);
    Ok(Image::new(text(path.into_os_string())?, arguments, variables, "LISTEN_PID"))
}

/// The program's file: it is looked for as `Command` does it, in the program's own PATH.
fn find(command: &Command) -> io::Result<PathBuf> {
    let program = command.get_program();
    if program.as_bytes().contains(&b'/') {
        return Ok(PathBuf::from(program));
    }
    let set = command.get_envs().find(|(name, _)| *name == "PATH").and_then(|(_, value)| value);
    let path = set.map_or_else(|| OsString::from("/bin:/usr/bin"), OsStr::to_owned);
    let runs =
        |file: &PathBuf| rustix::fs::access(file, rustix::fs::Access::EXEC_OK).is_ok() && Path::is_file(file);
    let files = std::env::split_paths(&path).map(|folder| folder.join(program));
    files.into_iter().find(runs).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
}

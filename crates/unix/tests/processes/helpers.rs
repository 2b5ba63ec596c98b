//! What several tests need.

use std::fs;

use trellis_unix::Pid;

/// The processes whose parent this one is, zombies too.
pub(crate) fn children() -> Vec<i32> {
    let me = rustix::process::getpid();
    let mut children = Vec::new();
    for entry in fs::read_dir("/proc").expect("/proc is there").filter_map(Result::ok) {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // A process may end between the two.
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let (_, fields) = stat.rsplit_once(')').expect("the name ends");
        let parent = fields.split_ascii_whitespace().nth(1).and_then(|parent| parent.parse().ok());
        if parent.and_then(Pid::from_raw) == Some(me) {
            children.push(pid);
        }
    }
    children
}

/// How many descriptors this process has open.
pub(crate) fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").expect("/proc is there").count()
}

/// Waits for a process that may be no child of this one.
pub(crate) fn wait_until_gone(pid: Pid) {
    use std::os::fd::AsFd;
    match rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()) {
        Ok(handle) => assert!(trellis_unix::readable(handle.as_fd(), None).expect("it can be waited for")),
        Err(error) => assert_eq!(error, rustix::io::Errno::SRCH),
    }
}

//! How a connection notices that its server's machine is gone while it waits for a job, perhaps for ever.

use std::os::fd::AsFd;
use std::time::Duration;

use rustix::net::sockopt;

/// How long a connection is silent before the system asks whether the other side is there.
const IDLE_SECONDS: Duration = Duration::from_secs(30);
/// How long after one such question the next one is asked.
const INTERVAL_SECONDS: Duration = Duration::from_secs(10);
/// How many of them may go unanswered.
const PROBES_MAX: u32 = 3;

/// Has the system end the connection a minute after the other machine fell silent.
pub(crate) fn keep_alive(socket: impl AsFd) -> rustix::io::Result<()> {
    sockopt::set_socket_keepalive(&socket, true)?;
    sockopt::set_tcp_keepidle(&socket, IDLE_SECONDS)?;
    sockopt::set_tcp_keepintvl(&socket, INTERVAL_SECONDS)?;
    sockopt::set_tcp_keepcnt(&socket, PROBES_MAX)
}

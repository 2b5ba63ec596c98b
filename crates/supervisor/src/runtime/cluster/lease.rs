//! Until when nobody else can be elected. A session's own times are of a clock that stands still while this machine is
//! suspended; the other machines, which go on then, are what a lease is about. Nothing here knows of processes.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use trellis_unix::BootTime;
use trellis_zk_client::{Client, Error, ErrorCode};

use super::Happening;
use crate::limits::LEASE_MARGIN;

/// Both clocks at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clocks {
    boot: BootTime,
    moment: Instant,
}

impl Clocks {
    pub(super) fn now() -> Clocks {
        // In this order a pause in between makes leases shorter.
        let boot = BootTime::now();
        Clocks { boot, moment: Instant::now() }
    }
}

/// The leases of one session, one after the other.
#[derive(Debug)]
pub(super) struct Leases {
    /// The clocks before the last request that was confirmed. If the machine was suspended since, what follows is too early
    /// by that, and never too late.
    before: Clocks,
    /// The clocks before another request, as soon as one was sent since.
    next: Clocks,
}

impl Leases {
    /// Leases by requests that are sent later than now.
    pub(super) fn new(now: Clocks) -> Leases {
        Leases { before: now, next: now }
    }

    /// The moment from which requests count.
    pub(super) fn begin(&self) -> Instant {
        self.before.moment
    }

    /// Until when nobody else can be elected, as a server has got a request that was sent at that moment.
    pub(super) fn confirmed(&mut self, sent_at: Instant, timeout: Duration, now: Clocks) -> BootTime {
        if sent_at >= self.next.moment {
            self.before = std::mem::replace(&mut self.next, now);
        }
        let sent_after = sent_at.saturating_duration_since(self.before.moment);
        self.before.boot + sent_after + (timeout - timeout / LEASE_MARGIN)
    }
}

/// Tells how long the session lives, each time that a server has confirmed it. It ends with the session.
pub(super) async fn renew(
    client: &Client,
    mut leases: Leases,
    mut confirmed: Instant,
    tell: &impl Fn(Happening),
) -> Result<Infallible, Error> {
    loop {
        // Where there is much to be asked of servers, not every answer need be told.
        let news = confirmed + client.session_timeout() / LEASE_MARGIN;
        confirmed = client.confirmed_after(Some(news)).await?;
        let until = leases.confirmed(confirmed, client.session_timeout(), Clocks::now());
        tell(Happening::Confirmed(until));
    }
}

/// Has a server answer a request that is sent now.
pub(super) async fn ask(client: &Client) -> Result<(), Error> {
    loop {
        match client.sync("/").await {
            Ok(()) => return Ok(()),
            // That is an answer, too.
            Err(error) if error.is(ErrorCode::NoNode) => return Ok(()),
            Err(error) => client.wait_out(error).await?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(10);

    /// What the clocks show after so many seconds, in which the machine was suspended for so many others.
    fn clocks(begin: Instant, awake: u64, suspended: u64) -> Clocks {
        let boot = BootTime::after_boot(Duration::from_secs(100 + awake + suspended));
        Clocks { boot, moment: begin + Duration::from_secs(awake) }
    }

    /// When a request is sent | when its answer is seen, and how long the machine has been suspended by then | when the
    /// lease ends, on the clock that shows 100 in the beginning.
    const CASES: [(u64, (u64, u64), u64); 6] = [
        (0, (1, 0), 109),
        (4, (5, 0), 113),
        // It is suspended before the answer is seen: nobody knows whether the request was sent before that.
        (6, (7, 1000), 115),
        (8, (9, 1000), 1117),
        // Two that were sent one soon after the other.
        (8, (10, 1000), 1117),
        (20, (21, 1000), 1129),
    ];

    #[test]
    fn a_lease_goes_on_while_the_machine_is_suspended() {
        let begin = Instant::now();
        let mut leases = Leases::new(clocks(begin, 0, 0));
        for (sent, (seen, suspended), until) in CASES {
            let sent_at = begin + Duration::from_secs(sent);
            let lease = leases.confirmed(sent_at, TIMEOUT, clocks(begin, seen, suspended));
            assert_eq!(lease.since_boot().as_secs(), until, "sent at {sent} s");
        }
    }
}

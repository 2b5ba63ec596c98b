//! How long a client waits that does ordinary things while others do what they do.

use std::fmt;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::client::{Client, LONG_MS};
use super::wire::Wire;
use crate::server::Server;

/// Nobody waits while the server is busy for longer than this with what others want. The worst of these tests has 25 ms.
pub(crate) const BUSY_MAX: Duration = Duration::from_millis(100);

/// The times that one client waited for its replies.
pub(crate) struct Pulse {
    /// Sorted.
    waits: Vec<Duration>,
    /// The longest that the server was busy during a wait.
    busiest: Duration,
}

/// How long the client rests between two requests.
const PAUSE: Duration = Duration::from_micros(200);

impl Pulse {
    /// Reads and writes one small znode again and again while `work` is done.
    pub(crate) fn during<T>(server: &Server, work: impl FnOnce() -> T) -> (T, Pulse) {
        let meter = server.meter();
        // From an address of its own, since an address may have only so many connections.
        let wire = Wire::connect_from([127, 1, 1, 1].into(), server.zookeeper());
        let mut client = Client::open_on(wire, LONG_MS);
        let path = client.create_as("/pulse-", b"", trellis_zk_codec::CreateMode::EphemeralSequential);
        let path = path.expect("it is created");
        let (stop, stopped) = mpsc::channel::<()>();
        thread::scope(|scope| {
            let pulse = scope.spawn(move || {
                let (mut waits, mut busiest) = (Vec::new(), Duration::ZERO);
                // Waits are counted and not requests: somebody in a hurry would find the server busy with himself.
                while stopped.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                    let (asked, busy) = (Instant::now(), meter.busy());
                    client.get(&path).expect("it is there");
                    let (answered, busy_then) = (Instant::now(), meter.busy());
                    client.set(&path, b"").expect("it is there");
                    waits.extend([answered - asked, answered.elapsed()]);
                    busiest = busiest.max(busy_then - busy).max(meter.busy() - busy_then);
                }
                waits.sort_unstable();
                Pulse { waits, busiest }
            });
            let done = {
                let _stop = stop;
                work()
            };
            (done, pulse.join().expect("its requests are answered"))
        })
    }

    /// The longest that the server was busy during a wait. Unlike the wait itself, it is not up to what else runs on the
    /// machine.
    pub(crate) fn busiest(&self) -> Duration {
        self.busiest
    }

    /// The wait that `parts` of 1000 don't exceed.
    fn quantile(&self, parts: usize) -> Duration {
        self.waits[(self.waits.len() - 1) * parts / 1000]
    }
}

impl fmt::Display for Pulse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (half, most, all) = (self.quantile(500), self.quantile(990), self.quantile(1000));
        let (count, busiest) = (self.waits.len(), self.busiest);
        write!(
            formatter,
            "{count} waits, half up to {half:?}, 99% up to {most:?}, all up to {all:?} and {busiest:?} of work"
        )
    }
}

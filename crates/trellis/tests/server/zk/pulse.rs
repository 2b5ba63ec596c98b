//! How long a client waits that does ordinary things while others do what they do.

use std::fmt;
use std::net::SocketAddr;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::client::{Client, LONG_MS};
use super::wire::Wire;

/// Nobody waits longer than this because of what others do. When nothing else has the processors, it is 20 ms.
pub(crate) const WAIT_MAX: Duration = Duration::from_millis(500);

/// The times that one client waited for its replies, sorted.
pub(crate) struct Pulse(Vec<Duration>);

/// How long the client rests between two requests.
const PAUSE: Duration = Duration::from_micros(200);

impl Pulse {
    /// Reads and writes one small znode again and again while `work` is done.
    pub(crate) fn during<T>(address: SocketAddr, work: impl FnOnce() -> T) -> (T, Pulse) {
        // From an address of its own, since an address may have only so many connections.
        let wire = Wire::connect_from([127, 1, 1, 1].into(), address);
        let mut client = Client::open_on(wire, LONG_MS);
        let path = client.create_as("/pulse-", b"", trellis_zk_codec::CreateMode::EphemeralSequential);
        let path = path.expect("it is created");
        let (stop, stopped) = mpsc::channel::<()>();
        thread::scope(|scope| {
            let pulse = scope.spawn(move || {
                let mut waits = Vec::new();
                // Waits are counted and not requests: somebody in a hurry would find the server busy with himself.
                while stopped.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                    let asked = Instant::now();
                    client.get(&path).expect("it is there");
                    let answered = Instant::now();
                    client.set(&path, b"").expect("it is there");
                    waits.extend([answered - asked, answered.elapsed()]);
                }
                waits.sort_unstable();
                Pulse(waits)
            });
            let done = {
                let _stop = stop;
                work()
            };
            (done, pulse.join().expect("its requests are answered"))
        })
    }

    /// The longest wait.
    pub(crate) fn longest(&self) -> Duration {
        *self.0.last().expect("it has asked something")
    }

    /// The wait that `parts` of 1000 don't exceed.
    fn quantile(&self, parts: usize) -> Duration {
        self.0[(self.0.len() - 1) * parts / 1000]
    }
}

impl fmt::Display for Pulse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (half, most, longest) = (self.quantile(500), self.quantile(990), self.longest());
        write!(
            formatter,
            "{} waits, half up to {half:?}, 99% up to {most:?}, all up to {longest:?}",
            self.0.len()
        )
    }
}

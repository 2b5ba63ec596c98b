//! Puts jobs into one of several servers that know nothing of each other.

use std::thread;
use std::time::Instant;

use super::client::Client;
use crate::address::Address;
use crate::error::Error;
use crate::job::PutOptions;
use crate::placed::Placed;
use crate::producer::producer;
use crate::settings::Settings;
use crate::spread::Spread;

/// A producer for several servers: each job goes to one of them. A server that can't be reached, or takes no jobs,
/// is passed over, and tried again after its back-off.
///
/// What a dead connection leaves unknown stays an error, since the job may have been stored: it is not put
/// elsewhere.
///
/// ```no_run
/// use trellis_tube_client::{PutOptions, Settings, blocking::Producer};
///
/// let servers = vec!["queue-1".parse()?, "queue-2".parse()?];
/// let mut producer = Producer::new(servers, "mail", &Settings::default())?;
/// let placed = producer.put(b"hello", &PutOptions::default())?;
/// println!("job {} of server {}", placed.inserted.id, placed.server);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Producer {
    clients: Vec<Client>,
    spread: Spread,
    settings: Settings,
}

impl Producer {
    producer!([] []);
}

fn now() -> Instant {
    Instant::now()
}

fn wait_until(time: Instant) {
    thread::sleep(time.saturating_duration_since(Instant::now()));
}

//! Puts jobs into one of several servers that know nothing of each other.

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
/// use trellis_tube_client::{PutOptions, Settings, tokio::Producer};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let servers = vec!["queue-1".parse()?, "queue-2".parse()?];
/// let mut producer = Producer::new(servers, "mail", &Settings::default())?;
/// let placed = producer.put(b"hello", &PutOptions::default()).await?;
/// println!("job {} of server {}", placed.inserted.id, placed.server);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Producer {
    clients: Vec<Client>,
    spread: Spread,
    settings: Settings,
}

impl Producer {
    producer!([async] [.await]);
}

fn now() -> Instant {
    ::tokio::time::Instant::now().into_std()
}

async fn wait_until(time: Instant) {
    ::tokio::time::sleep_until(time.into()).await;
}

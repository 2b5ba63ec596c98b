//! Whether the servers that jobs come from can be reached, and how deep their tubes are: each is asked again and again, over
//! one connection. What a depth means is the business of `scaling`.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use trellis_tube_client::tokio::Client;
use trellis_tube_client::{Address, Error, Settings};

use super::{Event, Supervisor};
use crate::limits::{DEPTH_PERIOD, REACH_PERIOD};
use crate::scale::Depth;

/// What a server says about tubes.
pub(super) type Depths = Vec<(String, Depth)>;

/// What is known of a server.
pub(super) enum Look {
    /// It answers, and says this about the tubes whose depths matter.
    Depths(Depths),
    /// It does not answer, for this reason; told once.
    Silent(String),
}

/// The servers that jobs come from, and the tasks that ask them.
#[derive(Default)]
pub(super) struct TubeServers {
    addresses: Vec<Address>,
    tubes: BTreeSet<String>,
    /// Why each is silent, if it is.
    silent: Vec<Option<String>>,
    /// One for each server; they end with this.
    _tasks: JoinSet<()>,
}

impl TubeServers {
    /// From now on, these servers are asked for the depths of these tubes. What is asked already goes on.
    pub(super) fn ask(
        &mut self,
        addresses: &[Address],
        tubes: BTreeSet<String>,
        sender: &UnboundedSender<Event>,
    ) {
        if addresses == self.addresses && tubes == self.tubes {
            return;
        }
        // Who asks anew tells of trouble anew.
        let mut tasks = JoinSet::new();
        let names: Vec<String> = tubes.iter().cloned().collect();
        for (place, address) in addresses.iter().enumerate() {
            tasks.spawn(watch(place, address.clone(), names.clone(), sender.clone()));
        }
        let silent = vec![None; addresses.len()];
        *self = TubeServers { addresses: addresses.to_vec(), tubes, silent, _tasks: tasks };
    }

    /// Which servers are silent, in words.
    pub(super) fn trouble(&self) -> Option<String> {
        let silent = self.silent.iter().flatten();
        silent.cloned().reduce(|all, one| format!("{all}; {one}"))
    }
}

impl Supervisor {
    /// The server in this place has been asked.
    pub(super) fn tube_server_looked(&mut self, place: usize, look: &Look) {
        // What an earlier list of servers had in this place has no room any more.
        let Some(silent) = self.tube_servers.silent.get_mut(place) else { return };
        match look {
            Look::Depths(depths) => {
                *silent = None;
                self.scale(place, depths);
            }
            Look::Silent(why) => *silent = Some(why.clone()),
        }
    }
}

/// Asks a server again and again. Trouble is told when it begins and when it is over.
async fn watch(place: usize, address: Address, tubes: Vec<String>, sender: UnboundedSender<Event>) {
    let settings = Settings { patience: Duration::ZERO, ..Settings::default() };
    let mut client = Client::with(vec![address.clone()], &settings);
    let mut ticks = interval(if tubes.is_empty() { REACH_PERIOD } else { DEPTH_PERIOD });
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_silent = false;
    loop {
        ticks.tick().await;
        let look = match depths(&mut client, &tubes).await {
            Ok(depths) => {
                if std::mem::take(&mut is_silent) {
                    tracing::info!(%address, "the server of tubes answers again");
                }
                Look::Depths(depths)
            }
            Err(_) if is_silent => continue,
            Err(error) => {
                is_silent = true;
                tracing::warn!("no jobs come from the server of tubes at {address}: {error}");
                Look::Silent(error.to_string())
            }
        };
        if sender.send(Event::TubeServer(place, look)).is_err() {
            return;
        }
    }
}

/// A tube that does not exist has no jobs. Without tubes, this asks whether the server answers.
async fn depths(client: &mut Client, tubes: &[String]) -> Result<Depths, Error> {
    if tubes.is_empty() {
        client.list_tube_used().await?;
    }
    let mut depths = Vec::with_capacity(tubes.len());
    for tube in tubes {
        let statistics = client.stats_tube(tube).await?.unwrap_or_default();
        let number = |key| statistics.number(key).unwrap_or(0);
        let (ready, reserved) = (number("current-jobs-ready"), number("current-jobs-reserved"));
        depths.push((tube.clone(), Depth { ready, reserved }));
    }
    Ok(depths)
}

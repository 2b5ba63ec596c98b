//! Lets the number of a program's processes follow its tube: every server is asked for the depths of all tubes that matter,
//! over one connection. How many processes a depth needs is [`crate::scale`]'s business.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use trellis_tube_client::tokio::Client;
use trellis_tube_client::{Address, Error, Settings};

use super::{Event, Supervisor, tubes};
use crate::config::{Config, Program};
use crate::limits::DEPTH_PERIOD;
use crate::scale::{Depth, Scale};

/// What a server says about tubes.
pub(super) type Depths = Vec<(String, Depth)>;

/// The programs whose number of processes follows a tube, and the tasks that ask the servers.
#[derive(Default)]
pub(super) struct Scaling {
    followers: HashMap<String, Follower>,
    servers: Vec<Address>,
    tubes: BTreeSet<String>,
    /// One for each server; they end with this.
    tasks: JoinSet<()>,
}

/// A program that follows a tube.
struct Follower {
    tube: String,
    scale: Scale,
    /// What each server has said last. One that is silent is believed to have what it had, so that nothing is stopped
    /// while its jobs are out of sight.
    depths: Vec<Depth>,
}

impl Supervisor {
    /// Takes what the file says now.
    pub(super) fn apply_scaling(&mut self, config: &Config) {
        let servers = tubes::servers(config);
        let mut before = std::mem::take(&mut self.scaling.followers);
        for program in &config.programs {
            let Some(tube) = followed_tube(program) else { continue };
            let known = before.remove(&program.name);
            let depths = match &known {
                Some(known) if known.tube == tube && servers == self.scaling.servers => known.depths.clone(),
                _ => vec![Depth::default(); servers.len()],
            };
            // There are as many processes as before, until others have been enough for a while.
            let mut scale = known.map_or_else(|| Scale::new(program.processes), |known| known.scale);
            scale.change(program.processes);
            let follower = Follower { tube: tube.to_owned(), scale, depths };
            self.scaling.followers.insert(program.name.clone(), follower);
        }
        let tubes: BTreeSet<String> =
            self.scaling.followers.values().map(|follower| follower.tube.clone()).collect();
        if (&servers, &tubes) == (&self.scaling.servers, &self.scaling.tubes) {
            return;
        }
        let mut tasks = JoinSet::new();
        if !tubes.is_empty() {
            let names: Vec<String> = tubes.iter().cloned().collect();
            for (place, address) in servers.iter().enumerate() {
                tasks.spawn(watch(place, address.clone(), names.clone(), self.sender.clone()));
            }
        }
        self.scaling.tasks = tasks;
        self.scaling.servers = servers;
        self.scaling.tubes = tubes;
    }

    /// A server has said how deep its tubes are.
    pub(super) fn scale(&mut self, server: usize, depths: &Depths) {
        let now = self.now();
        for (name, follower) in &mut self.scaling.followers {
            let Some((_, depth)) = depths.iter().find(|(tube, _)| *tube == follower.tube) else { continue };
            // What an earlier list of servers had in this place has no room any more.
            let Some(known) = follower.depths.get_mut(server) else { continue };
            *known = *depth;
            let wanted = follower.scale.wanted(now, together(&follower.depths));
            self.fleet.set_count(name, wanted);
        }
    }
}

/// The tube that a program's number of processes follows. In mode `exec`, there are as many processes as jobs anyway.
fn followed_tube(program: &Program) -> Option<&str> {
    let jobs = tubes::jobs(program).filter(|_| tubes::is_stream(program))?;
    (program.processes.min < program.processes.max).then_some(&jobs.tube)
}

fn together(depths: &[Depth]) -> Depth {
    depths.iter().fold(Depth::default(), |sum, depth| Depth {
        ready: sum.ready.saturating_add(depth.ready),
        reserved: sum.reserved.saturating_add(depth.reserved),
    })
}

/// Asks a server again and again. Trouble is told when it begins and when it is over.
async fn watch(place: usize, address: Address, tubes: Vec<String>, sender: UnboundedSender<Event>) {
    let settings = Settings { patience: Duration::ZERO, ..Settings::default() };
    let mut client = Client::with(vec![address.clone()], &settings);
    let mut ticks = interval(DEPTH_PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        ticks.tick().await;
        match ask(&mut client, &tubes).await {
            Ok(depths) => {
                if std::mem::take(&mut failing) {
                    tracing::info!(%address, "the depths of tubes are known again");
                }
                if sender.send(Event::Depths(place, depths)).is_err() {
                    return;
                }
            }
            Err(_) if failing => {}
            Err(error) => {
                failing = true;
                tracing::warn!(%address, "the depths of tubes are not known, so no process is stopped for want of jobs: {error}");
            }
        }
    }
}

/// A tube that does not exist has no jobs.
async fn ask(client: &mut Client, tubes: &[String]) -> Result<Depths, Error> {
    let mut depths = Vec::with_capacity(tubes.len());
    for tube in tubes {
        let statistics = client.stats_tube(tube).await?.unwrap_or_default();
        let number = |key| statistics.number(key).unwrap_or(0);
        let (ready, reserved) = (number("current-jobs-ready"), number("current-jobs-reserved"));
        depths.push((tube.clone(), Depth { ready, reserved }));
    }
    Ok(depths)
}

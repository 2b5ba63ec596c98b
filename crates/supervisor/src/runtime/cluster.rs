//! What machines agree on through the servers: who runs a singleton, and who has run a tick. Each singleton has a task
//! that stands for election; it tells the loop, which starts and stops processes.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use rustix::process::Signal;
use tokio::task::JoinHandle;
use trellis_zk_client::path::child;
use trellis_zk_client::recipe::{Election, Standing};
use trellis_zk_client::{Client, CreateMode, Error, ErrorCode, Settings};

use super::{Event, Supervisor, orders};
use crate::config::{Config, Server};
use crate::fleet::Name;
use crate::limits::{CAMPAIGN_PAUSE, FLUSH_MAX, TICKS_KEPT};
use crate::process::{Event as ProcessEvent, State};
use crate::schedule::{Tick, is_far_ahead};

/// This machine among those that share the servers.
pub(super) struct Cluster {
    /// Who this is; no other supervisor has the same.
    candidate: String,
    /// `None` until a file was read.
    server: Option<Server>,
    /// `None` as long as nothing has to be agreed on.
    client: Option<Client>,
    campaigns: HashMap<String, Campaign>,
    /// How many campaigns there have been.
    count: u64,
}

/// A singleton's campaign; it is given up, and what it has won given back, when this is dropped.
struct Campaign {
    number: u64,
    task: JoinHandle<()>,
    /// Whether it asks for the ticks that were run.
    of_ticks: bool,
    /// Whether this machine was elected, and still is as far as is known.
    elected: bool,
    /// Whether it is one for servers that the file doesn't name any more. It is given up when nothing of the program runs,
    /// lest a machine that still follows the old file runs it, too.
    outdated: bool,
}

impl Drop for Campaign {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What a task tells of a singleton.
pub(super) enum Happening {
    /// This machine runs it. Of a program with a schedule: the last tick that any machine has run.
    Elected(Option<Timestamp>),
    /// There is no word from the servers: another machine may be elected soon.
    Suspended,
    /// Another machine may have been elected, or nothing can be agreed on; the campaign is over.
    Over(String),
    /// Whether a tick is this machine's to run, for which this process is to be started.
    Claimed(Name, Tick, bool),
}

impl Cluster {
    pub(super) fn new(mark: &str) -> Cluster {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let candidate = format!("{host} {mark}");
        Cluster { candidate, server: None, client: None, campaigns: HashMap::new(), count: 0 }
    }

    /// The session, a new one if the last is over.
    fn client(&mut self) -> Option<Client> {
        let over = |client: &Client| client.state().is_over();
        if self.client.as_ref().is_none_or(over) {
            let server = self.server.as_ref()?;
            let settings = Settings::new(&server.zookeeper.join(","));
            let started = settings.map_err(|error| error.to_string()).and_then(|settings| {
                let settings = Settings { session_timeout: server.session_timeout, ..settings };
                trellis_zk_client::tokio::start(&settings).map_err(|error| error.to_string())
            });
            match started {
                Ok(client) => self.client = Some(client),
                Err(error) => tracing::error!("nothing can be agreed on with other machines: {error}"),
            }
        }
        self.client.clone()
    }

    fn path(&self, kind: &str, program: &str) -> String {
        let root = self.server.as_ref().map_or("", |server| &server.root);
        format!("{root}/{kind}/{program}")
    }

    /// Ends the session, so that others need not wait for its time-out.
    pub(super) async fn end(&mut self) {
        self.campaigns.clear();
        if let Some(client) = self.client.take() {
            // If no server can be told, it finds out by itself.
            let _ = tokio::time::timeout(FLUSH_MAX, client.close()).await;
        }
    }
}

impl Supervisor {
    /// Takes what the file says now.
    pub(super) fn apply_cluster(&mut self, config: &Config) {
        let agreed =
            |server: &Server| (server.zookeeper.clone(), server.session_timeout, server.root.clone());
        let changed =
            self.cluster.server.as_ref().is_some_and(|server| agreed(server) != agreed(&config.server));
        if changed {
            self.cluster.campaigns.values_mut().for_each(|campaign| campaign.outdated = true);
            let programs: Vec<String> = self.cluster.campaigns.keys().cloned().collect();
            programs.iter().for_each(|program| self.stop_singleton(program));
            // The session ends with the last campaign that needs it.
            self.cluster.client = None;
        }
        self.cluster.server = Some(config.server.clone());
    }

    /// Stands for election for each singleton that is to run, and no longer for others when nothing of them runs. It stands
    /// anew for one that has become something else.
    pub(super) fn keep_campaigns(&mut self) {
        let wanted: HashSet<String> =
            self.fleet.singletons().chain(self.timetables.runs.singletons()).map(str::to_owned).collect();
        let stays = |program: &str, campaign: &Campaign| {
            wanted.contains(program) && self.is_of_use(program, campaign) || self.needs_election(program)
        };
        let goes = |(program, campaign): &(&String, &Campaign)| !stays(program, campaign);
        let left: Vec<String> =
            self.cluster.campaigns.iter().filter(goes).map(|(program, _)| program.clone()).collect();
        for program in left {
            tracing::info!(program, "left to other machines");
            self.cluster.campaigns.remove(&program);
            self.stop_singleton(&program);
        }
        for program in wanted {
            if !self.cluster.campaigns.contains_key(&program) {
                self.begin_campaign(program, false);
            }
        }
    }

    /// Whether a program runs here if its campaign is won. One that has been won means nothing to a program that the file
    /// had not then.
    fn is_of_use(&self, program: &str, campaign: &Campaign) -> bool {
        let is_elsewhere = self.fleet.is_elsewhere(program) || self.timetables.runs.is_elsewhere(program);
        let is_of_kind = campaign.of_ticks == self.timetables.runs.has_program(program);
        is_of_kind && !campaign.outdated && !(campaign.elected && is_elsewhere)
    }

    /// Whether something runs that must not run on two machines.
    fn needs_election(&self, program: &str) -> bool {
        if self.fleet.is_everywhere(program) || self.timetables.runs.is_everywhere(program) {
            return false;
        }
        self.fleet.members().any(|(name, _)| *name.program == *program)
            || self.timetables.runs.runs().any(|(name, _, _)| *name.program == *program)
    }

    fn begin_campaign(&mut self, program: String, again: bool) {
        let Some(client) = self.cluster.client() else { return };
        self.cluster.count += 1;
        let number = self.cluster.count;
        let election =
            Election::new(&client, &self.cluster.path("singletons", &program), &self.cluster.candidate);
        let ticks = self.timetables.runs.has_program(&program).then(|| self.cluster.path("ticks", &program));
        let (sender, told) = (self.sender.clone(), program.clone());
        // The loop is there as long as its campaigns.
        let tell = move |happening| drop(sender.send(Event::Cluster(told.clone(), number, happening)));
        let task = tokio::spawn(async move {
            if again {
                tokio::time::sleep(CAMPAIGN_PAUSE).await;
            }
            let outcome = campaign(&client, &election, ticks.as_deref(), &tell).await;
            tell(Happening::Over(
                outcome.err().map_or_else(|| "the session is lost".to_owned(), |error| error.to_string()),
            ));
        });
        let of_ticks = self.timetables.runs.has_program(&program);
        self.cluster
            .campaigns
            .insert(program, Campaign { number, task, of_ticks, elected: false, outdated: false });
    }

    /// Something has happened to the campaign with this number.
    pub(super) fn cluster_happened(&mut self, program: &str, number: u64, happening: Happening) {
        if let Happening::Claimed(name, tick, ours) = happening {
            return self.claimed(&name, &tick, ours);
        }
        // What an earlier campaign has told is not true any more.
        let current = |campaign: &&mut Campaign| campaign.number == number;
        let Some(campaign) = self.cluster.campaigns.get_mut(program).filter(current) else { return };
        campaign.elected = matches!(happening, Happening::Elected(_));
        match happening {
            // Nothing is to run by it any more.
            Happening::Elected(_) | Happening::Suspended if campaign.outdated => {}
            Happening::Elected(since) => {
                tracing::info!(program, "this machine runs it");
                self.fleet.set_here(program, true);
                self.timetables.runs.set_here(program, since.unwrap_or_else(Timestamp::now));
                self.keep_sockets();
            }
            Happening::Suspended => {
                tracing::warn!(
                    program,
                    "stopped, since there is no word from the servers and another machine may run it soon"
                );
                self.stop_singleton(program);
            }
            Happening::Over(reason) => {
                tracing::warn!(program, reason, "another machine may run it; standing for election again");
                self.stop_singleton(program);
                self.kill_all_of(program);
                self.begin_campaign(program.to_owned(), true);
            }
            Happening::Claimed(..) => {}
        }
    }

    /// It is not to run here, as far as is known.
    fn stop_singleton(&mut self, program: &str) {
        self.fleet.set_here(program, false);
        let now = self.now();
        self.timetables.runs.set_elsewhere(now, program);
        self.keep_sockets();
    }

    /// There is no time left for asking.
    fn kill_all_of(&self, program: &str) {
        for (pid, _) in self.owners.iter().filter(|(_, owner)| *owner.name().program == *program) {
            orders::signal_group(*pid, Signal::KILL);
        }
    }

    /// Finds out whether a tick is this machine's to run: it is whose znode is there first.
    pub(super) fn claim(&mut self, name: &Name, tick: &Tick) {
        let Some(client) = self.cluster.client() else { return self.claimed(name, tick, false) };
        let folder = self.cluster.path("ticks", &name.program);
        let (candidate, sender) = (self.cluster.candidate.clone(), self.sender.clone());
        let (name, tick) = (name.clone(), tick.clone());
        tokio::spawn(async move {
            let ours = claim(&client, &folder, &tick.name(), candidate.as_bytes()).await.unwrap_or_else(|error| {
                tracing::error!(process = %name, tick = %tick.at, "left out, as nobody knows whose it is: {error}");
                false
            });
            let program = name.program.to_string();
            // The loop may have ended.
            let _ = sender.send(Event::Cluster(program, 0, Happening::Claimed(name, tick, ours)));
        });
    }

    fn claimed(&mut self, name: &Name, tick: &Tick, ours: bool) {
        let run = self.timetables.runs.runs().find(|(run, of, _)| *run == name && *of == tick);
        let Some((_, _, state)) = run else { return };
        if ours && state == State::Starting {
            return self.begin_run(name);
        }
        let now = self.now();
        self.timetables.runs.on(now, name, ProcessEvent::NotSpawned);
    }
}

/// Stands for election and leads, until that is over.
async fn campaign(
    client: &Client,
    election: &Election,
    ticks: Option<&str>,
    tell: &impl Fn(Happening),
) -> Result<(), Error> {
    let Some(holding) = election.campaign(None).await? else { return Ok(()) };
    let mut standing = holding.standing();
    loop {
        match standing {
            Standing::Certain => {
                let since = loop {
                    match last_tick(client, ticks).await {
                        Err(error) if error.is_of_connection() => client.connected().await?,
                        outcome => break outcome?,
                    }
                };
                tell(Happening::Elected(since));
            }
            Standing::Suspended => tell(Happening::Suspended),
            Standing::Lost => return Ok(()),
        }
        standing = holding.standing_changed(standing).await;
    }
}

/// The last tick that any machine has run.
async fn last_tick(client: &Client, ticks: Option<&str>) -> Result<Option<Timestamp>, Error> {
    let Some(ticks) = ticks else { return Ok(None) };
    client
        .sync(ticks)
        .await
        .or_else(|error| if error.is(ErrorCode::NoNode) { Ok(()) } else { Err(error) })?;
    match client.children(ticks).await {
        Ok(listing) => {
            let (now, mut last) = (Timestamp::now(), None);
            for name in &listing.names {
                let Some(at) = name.rsplit_once('@').and_then(|(_, at)| at.parse().ok()) else { continue };
                if is_far_ahead(at, now) {
                    // It is left there: it may be this machine whose clock is wrong.
                    tracing::warn!(
                        znode = child(ticks, name),
                        "not heeded, as its time is yet to come: the clock of a machine is wrong, or was; delete the znode \
                         if it wasn't this one's"
                    );
                } else {
                    last = last.max(Some(at));
                }
            }
            Ok(last)
        }
        Err(error) if error.is(ErrorCode::NoNode) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Creates a tick's znode; returns whether it is this machine's. Old ones are removed.
async fn claim(client: &Client, folder: &str, name: &str, candidate: &[u8]) -> Result<bool, Error> {
    let path = child(folder, name);
    let ours = loop {
        let outcome = match client.create(&path, candidate, CreateMode::Persistent).await {
            Ok(_) => break true,
            Err(error) if error.is(ErrorCode::NoNode) => client.ensure_path(folder).await.map(|()| false),
            // It may be of this machine, whose request was answered too late.
            Err(error) if error.is(ErrorCode::NodeExists) => match client.get_data(&path).await {
                Ok(data) => break data.bytes() == candidate,
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        match outcome {
            Err(error) if error.is_of_connection() => client.connected().await?,
            outcome => drop(outcome?),
        }
    };
    if let Ok(listing) = client.children(folder).await {
        for old in surplus(&listing.names, name) {
            // The next tick is another chance.
            let _ = client.delete(&child(folder, old), None).await;
        }
    }
    Ok(ours)
}

/// The znodes that tell nothing any more beside this one of a newer tick. Those of later ticks, which a clock that is ahead
/// has made, don't count. The names are sorted.
fn surplus<'a>(names: &'a [String], newest: &str) -> Vec<&'a str> {
    let mut names: Vec<&str> = names.iter().map(String::as_str).filter(|name| *name <= newest).collect();
    names.truncate(names.len().saturating_sub(TICKS_KEPT));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_that_lie_ahead_push_out_no_others() {
        let names = |days: std::ops::Range<u32>| -> Vec<String> {
            days.map(|day| format!("p@2026-01-{day:02}T00:00:00Z")).collect()
        };
        assert_eq!(surplus(&names(1..26), "p@2026-01-13T00:00:00Z"), names(1..4));
        assert!(surplus(&names(4..26), "p@2026-01-13T00:00:00Z").is_empty());
    }
}

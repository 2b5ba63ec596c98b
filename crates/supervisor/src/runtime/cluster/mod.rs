//! What machines agree on through the servers: who runs a singleton, and who has run a tick. Each singleton has a task
//! that stands for election; it tells the loop, which starts and stops processes.

mod campaign;
mod claims;
mod lease;
mod ticks;

use std::collections::{HashMap, HashSet};
use std::io;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustix::process::{Pid, Signal};
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinHandle;
use trellis_unix::BootTime;
use trellis_zk_client::recipe::Election;
use trellis_zk_client::{Client, Settings, State};

use self::campaign::{campaign, watch};
use self::claims::{Claims, Whose};
use super::{Event, Supervisor, orders};
use crate::config::{Config, Server};
use crate::fleet::Name;
use crate::limits::{CAMPAIGN_PAUSE, FLUSH_MAX, LEASE_END_MARGIN};

/// This machine among those that share the servers.
pub(super) struct Cluster {
    /// Who this is; no other supervisor has the same.
    candidate: String,
    /// `None` until a file was read.
    server: Option<Server>,
    /// `None` as long as nothing has to be agreed on.
    client: Option<Client>,
    /// Tells whether the servers can be reached.
    watcher: Option<Watcher>,
    /// Why no server can be reached, if that is so.
    silence: Option<String>,
    /// Why no session can be begun, if that is so. It is tried again and again, and told once.
    failure: Option<String>,
    campaigns: HashMap<String, Campaign>,
    claims: Claims,
    /// Why the last campaign of a program came to nothing.
    refusals: HashMap<String, String>,
    /// How many campaigns there have been.
    count: u64,
    sender: UnboundedSender<Event>,
}

/// A task that watches a session; it ends when this is dropped.
struct Watcher(JoinHandle<()>);

impl Drop for Watcher {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A singleton's campaign; it is given up, and what it has won given back, when this is dropped.
struct Campaign {
    number: u64,
    task: JoinHandle<()>,
    /// Whether it asks for the ticks that were run.
    of_ticks: bool,
    /// Whether this machine was elected, and still is as far as is known.
    elected: bool,
    /// Until when no other machine can be elected, as far as is known.
    lease: Option<BootTime>,
    /// The machine that was seen to have it.
    holder: Option<String>,
    /// Whether it is one for servers that the file doesn't name any more. It is given up when nothing of the program runs,
    /// lest a machine that still follows the old file runs it, too.
    outdated: bool,
}

impl Campaign {
    /// How long it is until what runs by it is to be killed, unless there is word from a server before: that is a moment
    /// before the guardian does it.
    fn left(&self, now: BootTime) -> Option<Duration> {
        Some(self.lease?.since_boot().saturating_sub((now + LEASE_END_MARGIN).since_boot()))
    }
}

impl Drop for Campaign {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What a task tells of a singleton.
pub(super) enum Happening {
    /// This machine runs it. Of a program with a schedule: the ticks that machines have taken, as far as that is kept.
    /// It may do so until then, unless there is another word.
    Elected(Vec<Timestamp>, BootTime),
    /// It may run it until then, which is later than what was told before.
    Confirmed(BootTime),
    /// There is no word from the servers: another machine may be elected soon.
    Suspended,
    /// Another machine may have been elected, or nothing can be agreed on; the campaign is over.
    Over(String),
    /// This candidate is elected, another one.
    Held(String),
    /// Why no server can be reached; nothing if one can be again.
    Silent(Option<String>),
    /// Whose the tick is for which this process is to be started; the number is the claim's.
    Claimed(Name, Whose),
}

impl Cluster {
    pub(super) fn new(mark: &str, sender: UnboundedSender<Event>) -> Cluster {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let candidate = format!("{host} {mark}");
        Cluster {
            candidate,
            server: None,
            client: None,
            watcher: None,
            silence: None,
            failure: None,
            campaigns: HashMap::new(),
            claims: Claims::default(),
            refusals: HashMap::new(),
            count: 0,
            sender,
        }
    }

    /// The session, a new one if the last is over, or is most likely: whatever it has held is lost in any case.
    fn client(&mut self) -> Option<Client> {
        let over = |client: &Client| client.state().is_over() || client.state() == State::Overdue;
        if self.client.as_ref().is_none_or(over) {
            let server = self.server.as_ref()?;
            let settings = Settings::new(&server.zookeeper.join(","));
            let started = settings.map_err(|error| error.to_string()).and_then(|settings| {
                let settings = Settings { session_timeout: server.session_timeout, ..settings };
                trellis_zk_client::tokio::start(&settings).map_err(|error| error.to_string())
            });
            match started {
                Ok(client) => {
                    let sender = self.sender.clone();
                    // The loop is there as long as its sessions.
                    let tell = move |silence| {
                        drop(sender.send(Event::Cluster(String::new(), 0, Happening::Silent(silence))));
                    };
                    self.watcher =
                        Some(Watcher(tokio::spawn(watch(client.clone(), self.silence.is_some(), tell))));
                    self.client = Some(client);
                    self.failure = None;
                }
                Err(error) => {
                    if self.failure.as_ref() != Some(&error) {
                        tracing::error!("nothing can be agreed on with other machines: {error}");
                    }
                    (self.client, self.failure) = (None, Some(error));
                }
            }
        }
        self.client.clone()
    }

    fn path(&self, kind: &str, program: &str) -> String {
        let root = self.server.as_ref().map_or("", |server| &server.root);
        format!("{root}/{kind}/{program}")
    }

    /// What is known of a singleton that doesn't run here: a word, and a text.
    pub(super) fn standing(&self, program: &str) -> (&'static str, String) {
        if let Some(holder) = self.campaigns.get(program).and_then(|campaign| campaign.holder.as_ref()) {
            return (
                "elsewhere",
                format!("{} runs it", holder.rsplit_once(' ').map_or(&**holder, |(host, _)| host)),
            );
        }
        let servers = self.server.as_ref().map_or_else(String::new, |server| server.zookeeper.join(", "));
        let known = self.failure.as_ref().or(self.silence.as_ref()).or_else(|| self.refusals.get(program));
        ("waiting", known.cloned().unwrap_or_else(|| format!("no word from {servers}")))
    }

    /// Until when a singleton may run here.
    pub(super) fn lease(&self, program: &str) -> io::Result<BootTime> {
        let lease = self.campaigns.get(program).and_then(|campaign| campaign.lease);
        lease.filter(|until| *until > BootTime::now()).ok_or_else(no_lease)
    }

    /// When [`Supervisor::end_leases`] is needed, or [`Supervisor::keep_campaigns`] once more.
    pub(super) fn due(&self) -> Option<Instant> {
        let now = BootTime::now();
        let again = self.failure.is_some().then_some(CAMPAIGN_PAUSE);
        let left = self.campaigns.values().filter_map(|campaign| campaign.left(now)).chain(again).min();
        left.map(|left| Instant::now() + left)
    }

    /// Whether this is a singleton that may not run here, or not any longer.
    pub(super) fn is_forbidden(&self, program: &str) -> bool {
        self.campaigns.contains_key(program) && self.lease(program).is_err()
    }

    fn silent(&mut self, silence: Option<String>) {
        match &silence {
            Some(reason) => {
                tracing::warn!("nothing can be agreed on with other machines: {reason}");
                self.campaigns.values_mut().for_each(|campaign| campaign.holder = None);
            }
            None => tracing::info!(
                "a server can be reached, so that things can be agreed on with other machines again"
            ),
        }
        self.silence = silence;
    }

    /// Ends the session, so that others need not wait for its time-out.
    pub(super) async fn end(&mut self) {
        self.campaigns.clear();
        self.watcher = None;
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
            self.cluster.watcher = None;
            self.cluster.silence = None;
            self.cluster.failure = None;
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
            // What still runs of it is none that others must not run, too.
            self.grant(&program, None);
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
        let candidate = self.cluster.candidate.clone();
        let (sender, told) = (self.sender.clone(), program.clone());
        // The loop is there as long as its campaigns.
        let tell = move |happening| drop(sender.send(Event::Cluster(told.clone(), number, happening)));
        let task = tokio::spawn(async move {
            if again {
                tokio::time::sleep(CAMPAIGN_PAUSE).await;
            }
            let outcome = campaign(&client, &election, &candidate, ticks.as_deref(), &tell).await;
            tell(Happening::Over(
                outcome.err().map_or_else(|| "the session is lost".to_owned(), |error| error.to_string()),
            ));
        });
        let of_ticks = self.timetables.runs.has_program(&program);
        self.cluster.campaigns.insert(
            program,
            Campaign { number, task, of_ticks, elected: false, lease: None, holder: None, outdated: false },
        );
    }

    /// Something has happened to the campaign with this number, or to a claim.
    pub(super) fn cluster_happened(&mut self, program: &str, number: u64, happening: Happening) {
        if let Happening::Claimed(name, whose) = happening {
            return self.claimed(&name, number, &whose);
        }
        if let Happening::Silent(silence) = happening {
            return self.cluster.silent(silence);
        }
        // What an earlier campaign has told is not true any more.
        let current = |campaign: &&mut Campaign| campaign.number == number;
        let Some(campaign) = self.cluster.campaigns.get_mut(program).filter(current) else { return };
        if let Happening::Elected(_, until) | Happening::Confirmed(until) = happening {
            campaign.lease = Some(until);
            self.grant(program, Some(until));
        }
        let Some(campaign) = self.cluster.campaigns.get_mut(program) else { return };
        campaign.elected = matches!(happening, Happening::Elected(..) | Happening::Confirmed(_));
        campaign.holder = None;
        match happening {
            Happening::Held(holder) => {
                campaign.holder = Some(holder);
                self.cluster.refusals.remove(program);
            }
            // Nothing is to run by it any more.
            Happening::Elected(..) | Happening::Suspended if campaign.outdated => {}
            Happening::Elected(taken, _) => {
                tracing::info!(program, "this machine runs it");
                self.cluster.refusals.remove(program);
                self.fleet.set_here(program, true);
                self.timetables.runs.set_here(program, Timestamp::now(), &taken);
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
                let before = self.cluster.refusals.insert(program.to_owned(), reason.clone());
                if before.as_ref() != Some(&reason) {
                    tracing::warn!(
                        program,
                        reason,
                        "another machine may run it; standing for election again"
                    );
                }
                self.stop_singleton(program);
                self.kill_all_of(program);
                // If another one can't be begun now, it will be.
                self.cluster.campaigns.remove(program);
                self.begin_campaign(program.to_owned(), true);
            }
            Happening::Confirmed(_) | Happening::Claimed(..) | Happening::Silent(_) => {}
        }
    }

    /// It is not to run here, as far as is known.
    fn stop_singleton(&mut self, program: &str) {
        self.fleet.set_here(program, false);
        let now = self.now();
        self.timetables.runs.set_elsewhere(now, program);
        self.keep_sockets();
    }

    /// Kills the singletons that nobody knows any more to be alone soon.
    pub(super) fn end_leases(&mut self) {
        let now = BootTime::now();
        let is_over = |campaign: &&mut Campaign| campaign.left(now) == Some(Duration::ZERO);
        let campaigns = self.cluster.campaigns.iter_mut();
        let over: Vec<String> = campaigns
            .filter_map(|(program, campaign)| {
                Some(campaign).filter(is_over)?.lease = None;
                Some(program.clone())
            })
            .collect();
        over.iter().for_each(|program| self.kill_all_of(program));
    }

    /// There is no time left for asking.
    fn kill_all_of(&mut self, program: &str) {
        self.abandon_workers(program);
        self.processes_of(program).for_each(|pid| orders::signal_group(pid, Signal::KILL));
    }

    /// Tells the guardian until when the processes of a program may live.
    fn grant(&mut self, program: &str, until: Option<BootTime>) {
        let starts: Vec<u64> =
            self.processes_of(program).filter_map(|pid| self.spawner.start_of(pid)).collect();
        starts.into_iter().for_each(|start| self.guardian.lease(start, until));
    }

    fn processes_of(&self, program: &str) -> impl Iterator<Item = Pid> {
        self.owners.iter().filter(move |(_, owner)| *owner.name().program == *program).map(|(pid, _)| *pid)
    }
}

/// What a singleton is told that would be started too late.
pub(super) fn no_lease() -> io::Error {
    io::Error::other("no server has confirmed for too long that no other machine runs it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_that_cannot_be_begun_is_tried_again() {
        let (sender, _events) = tokio::sync::mpsc::unbounded_channel();
        let mut cluster = Cluster::new("mark", sender);
        let text = "[program.one]\ncommand = \"one\"\n";
        let config = Config::parse(text, std::path::Path::new("workers.toml")).expect("a file");
        cluster.server = Some(Server { zookeeper: vec![String::new()], ..config.server });
        assert_eq!(cluster.due(), None);
        assert!(cluster.client().is_none());
        assert!(cluster.due().is_some());
        let (state, text) = cluster.standing("one");
        assert!(state == "waiting" && !text.starts_with("no word"), "{state}: {text}");
    }
}

//! The work queue once more, as simply as can be: everything in plain lists, searched from end to end each time.
//! It shares no code with the real one, and keeps none of the same structures.

mod answers;
mod tree;

use trellis_core::tube::{Command, JobState, Reply};
use trellis_core::{Command as Any, ConnectionId, Time};

use crate::outbox::line;

const SECOND: u64 = 1_000_000;

/// Everything.
#[derive(Default)]
pub(crate) struct Model {
    now: u64,
    ids: u64,
    burials: u64,
    tubes_made: u64,
    puts: u64,
    timeouts: u64,
    tubes: Vec<Tube>,
    jobs: Vec<Job>,
    connections: Vec<Connection>,
    /// In order of arrival: who, and until when.
    waiting: Vec<(ConnectionId, u64)>,
    /// Znodes and sessions.
    pub(crate) tree: tree::Tree,
    /// What has come out.
    pub(crate) out: Vec<String>,
}

struct Tube {
    name: String,
    made: u64,
    puts: u64,
    deletes: u64,
    pauses: u64,
    /// Seconds and end.
    pause: Option<(u32, u64)>,
}

#[derive(Clone)]
struct Job {
    id: u64,
    tube: String,
    state: JobState,
    priority: u32,
    delay: u32,
    ttr: u32,
    created: u64,
    /// When a delay or a TTR ends; which burial it was.
    due: u64,
    holder: Option<ConnectionId>,
    /// Reserves, timeouts, releases, buries, kicks.
    counts: [u32; 5],
    body: Vec<u8>,
}

struct Connection {
    id: ConnectionId,
    used: String,
    watched: Vec<String>,
    half_closed: bool,
    producer: bool,
    worker: bool,
}

impl Model {
    pub(crate) fn new() -> Self {
        let mut model = Model::default();
        model.make_tube("default");
        model
    }

    pub(crate) fn apply(&mut self, at: Time, command: &Any<'_>) {
        self.now = self.now.max(at.0);
        while self.fire() {}
        self.tree.tick(self.now);
        self.out.append(&mut self.tree.out);
        match command {
            Any::Tick => {}
            Any::CloseNode { node } => {
                let mut ids: Vec<_> = self
                    .connections
                    .iter()
                    .map(|connection| connection.id)
                    .filter(|id| id.node() == *node)
                    .collect();
                ids.sort();
                self.waiting.retain(|(id, _)| id.node() != *node);
                for id in ids {
                    self.close(id);
                }
                self.tree.close_node(*node);
            }
            Any::Tube { connection, command } => self.command(*connection, command),
            Any::Zk { connection, command } => self.tree.command(*connection, command),
        }
        self.out.append(&mut self.tree.out);
    }

    /// Lets happen what was due first; false if nothing is.
    fn fire(&mut self) -> bool {
        // (when, tubes first, which tube or connection, delays before pauses and waits before jobs, which job)
        let mut events = Vec::new();
        for tube in &self.tubes {
            if let Some((_, until)) = tube.pause {
                events.push((until, 0, tube.made, 1, 0));
            }
        }
        for job in &self.jobs {
            match job.holder {
                Some(holder) => events.push((job.due, 1, holder.to_bits(), 1, job.id)),
                None if job.state == JobState::Delayed => {
                    let made = self.tube(&job.tube).made;
                    events.push((job.due, 0, made, 0, job.id));
                }
                None => {}
            }
        }
        for (id, until) in &self.waiting {
            events.push(((*until).min(self.margin(*id)), 1, id.to_bits(), 0, 0));
        }
        let now = self.now;
        let Some(event) = events.into_iter().filter(|event| event.0 <= now && event.0 < u64::MAX).min()
        else {
            return false;
        };
        match event {
            (_, 0, _, 0, id) => self.ready(id),
            (_, 0, made, _, _) => {
                let tube = self.tubes.iter_mut().find(|tube| tube.made == made).expect("a paused tube");
                tube.pause = None;
                let name = tube.name.clone();
                self.serve(&name);
            }
            (due, _, bits, 0, _) => {
                let id = ConnectionId::from_bits(bits);
                self.waiting.retain(|(other, _)| *other != id);
                let soon = self.margin(id) <= due;
                self.say(id, if soon { &Reply::DeadlineSoon } else { &Reply::TimedOut });
            }
            (_, _, _, _, id) => {
                self.timeouts += 1;
                self.job(id).counts[1] += 1;
                self.ready(id);
            }
        }
        true
    }

    fn command(&mut self, from: ConnectionId, command: &Command<'_>) {
        if *command == Command::Open {
            return self.open(from);
        }
        if self.connection(from).is_none() {
            return;
        }
        let waited = self.waiting.iter().any(|(id, _)| *id == from);
        self.waiting.retain(|(id, _)| *id != from);
        match *command {
            Command::Open => {}
            Command::Close => self.close(from),
            Command::HalfClose => {
                self.open_connection(from).half_closed = true;
                if waited {
                    self.say(from, &Reply::TimedOut);
                }
            }
            Command::Put { priority, delay, ttr, body } => {
                let id = self.put(from, priority, delay, ttr.max(1), body);
                self.say(from, &Reply::Inserted { id });
            }
            Command::SkipId => {
                self.ids += 1;
                self.open_connection(from).producer = true;
            }
            Command::Use { tube } => {
                self.make_tube(tube);
                self.open_connection(from).used = tube.into();
                self.sweep();
                self.say(from, &Reply::Using { tube });
            }
            Command::Watch { tube } => {
                self.make_tube(tube);
                let watched = &mut self.open_connection(from).watched;
                if !watched.iter().any(|name| name == tube) {
                    watched.push(tube.into());
                }
                let count = watched.len();
                self.say(from, &Reply::Watching { count });
            }
            Command::Ignore { tube } => self.ignore(from, tube),
            Command::Reserve { timeout } => self.reserve(from, timeout),
            Command::ReserveJob { id } => self.reserve_job(from, id),
            Command::Delete { id } => self.delete(from, id),
            Command::Release { id, priority, delay } => self.release(from, id, priority, delay),
            Command::Bury { id, priority } => self.bury(from, id, priority),
            Command::Touch { id } => self.touch(from, id),
            Command::Kick { bound } => self.kick(from, bound),
            Command::KickJob { id } => {
                let found = self
                    .jobs
                    .iter()
                    .any(|job| job.id == id && matches!(job.state, JobState::Buried | JobState::Delayed));
                if found {
                    self.job(id).counts[4] += 1;
                    self.ready(id);
                }
                self.say(from, if found { &Reply::KickedJob } else { &Reply::NotFound });
            }
            Command::PauseTube { tube, delay } => self.pause(from, tube, delay),
        }
    }

    fn open(&mut self, id: ConnectionId) {
        if self.connection(id).is_none() {
            self.connections.push(Connection::new(id));
        }
    }

    fn close(&mut self, id: ConnectionId) {
        self.waiting.retain(|(other, _)| *other != id);
        let mut held: Vec<_> =
            self.jobs.iter().filter(|job| job.holder == Some(id)).map(|job| (job.priority, job.id)).collect();
        held.sort_unstable();
        for (_, job) in held {
            self.ready(job);
        }
        while !self.open_connection(id).watched.is_empty() {
            self.open_connection(id).watched.swap_remove(0);
            self.sweep();
        }
        self.connections.retain(|connection| connection.id != id);
        self.sweep();
    }

    fn put(&mut self, from: ConnectionId, priority: u32, delay: u32, ttr: u32, body: &[u8]) -> u64 {
        self.ids += 1;
        self.puts += 1;
        let id = self.ids;
        let connection = self.open_connection(from);
        connection.producer = true;
        let tube = connection.used.clone();
        self.tube_mut(&tube).puts += 1;
        let created = self.now / 1000;
        self.jobs.push(Job {
            id,
            tube,
            state: JobState::Ready,
            priority,
            delay,
            ttr,
            created,
            due: 0,
            holder: None,
            counts: [0; 5],
            body: body.into(),
        });
        self.ready_or_delayed(id);
        id
    }

    fn ignore(&mut self, from: ConnectionId, tube: &str) {
        let watched = &mut self.open_connection(from).watched;
        let index = watched.iter().position(|name| name == tube);
        if index.is_some() && watched.len() == 1 {
            return self.say(from, &Reply::NotIgnored);
        }
        if let Some(index) = index {
            watched.swap_remove(index);
        }
        let count = watched.len();
        self.sweep();
        self.say(from, &Reply::Watching { count });
    }

    fn reserve(&mut self, from: ConnectionId, timeout: Option<u32>) {
        let connection = self.open_connection(from);
        connection.worker = true;
        let (watched, half_closed) = (connection.watched.clone(), connection.half_closed);
        let best = self
            .jobs
            .iter()
            .filter(|job| job.state == JobState::Ready && watched.contains(&job.tube))
            .filter(|job| self.tube(&job.tube).pause.is_none())
            .min_by_key(|job| (job.priority, job.id));
        if let Some(job) = best {
            let id = job.id;
            return self.hand_out(id, from);
        }
        if self.margin(from) <= self.now {
            return self.say(from, &Reply::DeadlineSoon);
        }
        if half_closed || timeout == Some(0) {
            return self.say(from, &Reply::TimedOut);
        }
        self.waiting.push((from, timeout.map_or(u64::MAX, |timeout| self.after(timeout))));
    }

    fn reserve_job(&mut self, from: ConnectionId, id: u64) {
        if !self.jobs.iter().any(|job| job.id == id && job.state != JobState::Reserved) {
            return self.say(from, &Reply::NotFound);
        }
        self.open_connection(from).worker = true;
        self.hand_out(id, from);
    }

    fn delete(&mut self, from: ConnectionId, id: u64) {
        let may = |job: &&Job| job.id == id && (job.holder.is_none() || job.holder == Some(from));
        let Some(job) = self.jobs.iter().find(may) else { return self.say(from, &Reply::NotFound) };
        let tube = job.tube.clone();
        self.jobs.retain(|job| job.id != id);
        self.tube_mut(&tube).deletes += 1;
        self.sweep();
        self.say(from, &Reply::Deleted);
    }

    fn release(&mut self, from: ConnectionId, id: u64, priority: u32, delay: u32) {
        if !self.holds(from, id) {
            return self.say(from, &Reply::NotFound);
        }
        let job = self.job(id);
        job.counts[2] += 1;
        job.priority = priority;
        job.delay = delay;
        self.ready_or_delayed(id);
        self.say(from, &Reply::Released);
    }

    fn bury(&mut self, from: ConnectionId, id: u64, priority: u32) {
        if !self.holds(from, id) {
            return self.say(from, &Reply::NotFound);
        }
        self.burials += 1;
        let number = self.burials;
        let job = self.job(id);
        job.counts[3] += 1;
        job.priority = priority;
        job.state = JobState::Buried;
        job.due = number;
        job.holder = None;
        self.say(from, &Reply::Buried);
    }

    fn touch(&mut self, from: ConnectionId, id: u64) {
        if !self.holds(from, id) {
            return self.say(from, &Reply::NotFound);
        }
        let ttr = self.job(id).ttr;
        self.job(id).due = self.after(ttr);
        self.say(from, &Reply::Touched);
    }

    fn kick(&mut self, from: ConnectionId, bound: u32) {
        let used = self.open_connection(from).used.clone();
        let of_state = |state| move |job: &&Job| job.state == state;
        let here = || self.jobs.iter().filter(|job| job.tube == used);
        let buried: Vec<_> = here().filter(of_state(JobState::Buried)).collect();
        let delayed: Vec<_> = here().filter(of_state(JobState::Delayed)).collect();
        let mut chosen = if buried.is_empty() { delayed } else { buried };
        chosen.sort_by_key(|job| (job.due, job.id));
        let ids: Vec<u64> = chosen.iter().take(bound as usize).map(|job| job.id).collect();
        for id in &ids {
            self.job(*id).counts[4] += 1;
            self.ready(*id);
        }
        self.say(from, &Reply::Kicked { count: u32::try_from(ids.len()).expect("at most the bound") });
    }

    fn pause(&mut self, from: ConnectionId, name: &str, seconds: u32) {
        let until = self.after(seconds);
        let Some(tube) = self.tubes.iter_mut().find(|tube| tube.name == name) else {
            return self.say(from, &Reply::NotFound);
        };
        tube.pauses += 1;
        tube.pause = (seconds > 0).then_some((seconds, until));
        self.serve(name);
        self.say(from, &Reply::Paused);
    }

    fn ready_or_delayed(&mut self, id: u64) {
        let delay = self.job(id).delay;
        if delay == 0 {
            return self.ready(id);
        }
        let due = self.after(delay);
        let job = self.job(id);
        job.state = JobState::Delayed;
        job.due = due;
        job.holder = None;
    }

    fn ready(&mut self, id: u64) {
        let job = self.job(id);
        job.state = JobState::Ready;
        job.holder = None;
        let tube = job.tube.clone();
        self.serve(&tube);
    }

    fn serve(&mut self, name: &str) {
        while self.tube(name).pause.is_none() {
            let ready = self.jobs.iter().filter(|job| job.state == JobState::Ready && job.tube == name);
            let Some(job) = ready.min_by_key(|job| (job.priority, job.id)).map(|job| job.id) else { return };
            let watches = |id: ConnectionId| {
                self.connection(id)
                    .is_some_and(|connection| connection.watched.iter().any(|tube| tube == name))
            };
            let Some(index) = self.waiting.iter().position(|(id, _)| watches(*id)) else { return };
            let (id, _) = self.waiting.remove(index);
            self.hand_out(job, id);
        }
    }

    fn hand_out(&mut self, id: u64, to: ConnectionId) {
        let ttr = self.job(id).ttr;
        let due = self.after(ttr);
        let job = self.job(id);
        job.state = JobState::Reserved;
        job.holder = Some(to);
        job.due = due;
        job.counts[0] += 1;
        let body = job.body.clone();
        self.say(to, &Reply::Reserved { id, body: &body });
    }

    /// Removes tubes that nothing refers to.
    fn sweep(&mut self) {
        let used = |name: &str| {
            name == "default"
                || self.jobs.iter().any(|job| job.tube == name)
                || self.connections.iter().any(|connection| {
                    connection.used == name || connection.watched.iter().any(|watched| watched == name)
                })
        };
        let unused = self.tubes.iter().position(|tube| !used(&tube.name));
        if let Some(index) = unused {
            self.tubes.swap_remove(index);
        }
    }

    fn make_tube(&mut self, name: &str) {
        if self.tubes.iter().any(|tube| tube.name == name) {
            return;
        }
        self.tubes_made += 1;
        let made = self.tubes_made;
        self.tubes.push(Tube { name: name.into(), made, puts: 0, deletes: 0, pauses: 0, pause: None });
    }

    fn margin(&self, id: ConnectionId) -> u64 {
        let held = self.jobs.iter().filter(|job| job.holder == Some(id) && job.due < u64::MAX);
        held.map(|job| job.due - SECOND).min().unwrap_or(u64::MAX)
    }

    fn after(&self, seconds: u32) -> u64 {
        self.now + u64::from(seconds) * SECOND
    }

    fn holds(&self, from: ConnectionId, id: u64) -> bool {
        self.jobs.iter().any(|job| job.id == id && job.holder == Some(from))
    }

    fn say(&mut self, to: ConnectionId, reply: &Reply<'_>) {
        self.out.push(line(to, reply));
    }

    fn job(&mut self, id: u64) -> &mut Job {
        self.jobs.iter_mut().find(|job| job.id == id).expect("a job that exists")
    }

    fn tube(&self, name: &str) -> &Tube {
        self.tubes.iter().find(|tube| tube.name == name).expect("a tube that exists")
    }

    fn tube_mut(&mut self, name: &str) -> &mut Tube {
        self.tubes.iter_mut().find(|tube| tube.name == name).expect("a tube that exists")
    }

    fn connection(&self, id: ConnectionId) -> Option<&Connection> {
        self.connections.iter().find(|connection| connection.id == id)
    }

    fn open_connection(&mut self, id: ConnectionId) -> &mut Connection {
        self.connections.iter_mut().find(|connection| connection.id == id).expect("an open connection")
    }
}

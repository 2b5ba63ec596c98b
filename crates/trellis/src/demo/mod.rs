//! `trellis demo`: the whole story on one screen, in the order in which it is told here. Each thing that is said was seen to
//! happen; what doesn't happen in its time ends it with an error.

mod cast;
mod screen;
mod story;
mod worker;

use std::time::{Duration, Instant};

use clap::Args;
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use trellis_tube_client::PutOptions;
use trellis_tube_client::blocking::Client as Jobs;
use trellis_zk_client::Client as Znodes;
use trellis_zk_client::blocking::Wait;
use trellis_zk_client::recipe::Election;

use self::cast::Cast;
use self::screen::{Screen, count};
use self::story::{Story, WORKERS};
use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupt;
use crate::output::Output;

/// The tube of all jobs.
const TUBE: &str = "demo";
/// Where workers stand for election.
const ELECTION: &str = "/demo/leader";
/// How long the server waits for a sign of a leader before another one is elected.
const SESSION_TIMEOUT: Duration = Duration::from_secs(2);
/// The unit of the server's time-outs, of which a session's is two at least.
const TICK_MS: u64 = 500;
/// How long anything that is to happen may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How late a signal is noticed, at most.
const TURN: Duration = Duration::from_millis(50);
/// How long people have for reading a line.
const READING: Duration = Duration::from_secs(2);

/// How many jobs are put at once to see how fast they are done.
const BURST: u64 = 2000;
/// The job in the middle of which a worker is killed.
const LONG: Duration = Duration::from_secs(3);
/// How many jobs are under way when the leader is killed, and how long each takes.
const STREAM: u64 = 1000;
const SHORT: Duration = Duration::from_millis(5);

/// Arguments of `trellis demo`.
#[derive(Args)]
pub(crate) struct DemoArgs {
    /// Be one of the workers
    #[arg(long, hide = true)]
    worker: bool,
}

/// Tells the story.
pub(crate) fn run(args: &DemoArgs) -> Result<(), Failure> {
    if args.worker {
        return worker::run();
    }
    let interrupt = Interrupt::default();
    [SIGINT, SIGTERM, SIGHUP].into_iter().try_for_each(|signal| interrupt.catch(signal))?;
    let mut stage = Stage {
        start: Instant::now(),
        cast: Cast::start()?,
        story: Story::default(),
        screen: Screen::new(),
        output: Output::new(false),
        interrupt,
    };
    match stage.tell_all() {
        Ok(()) => stage.end(),
        Err(failure) if failure.hint.is_none() && failure.exit == Exit::Internal => {
            let hint = format!("the supervisor has said last:\n{}", stage.cast.messages());
            Err(failure.hint(hint))
        }
        Err(failure) => Err(failure),
    }
}

/// Everything that the story needs.
struct Stage {
    start: Instant,
    cast: Cast,
    story: Story,
    screen: Screen,
    output: Output,
    interrupt: Interrupt,
}

impl Stage {
    /// The story.
    fn tell_all(&mut self) -> Result<(), Failure> {
        self.story.server = Some(self.cast.pid());
        self.until("all workers are there", |story| story.all_are_here().then_some(()))?;
        self.tell(format!("A server has started, and a supervisor with {WORKERS} workers."))?;
        let (jobs, znodes) = self.clients()?;
        let jobs = &mut { jobs };
        self.first_leader(&znodes)?;
        let rate = self.burst(jobs)?;
        let taken_over = self.killed_worker(jobs)?;
        let led_anew = self.killed_leader(jobs, &znodes)?;
        self.nothing_is_lost(jobs)?;
        self.tell(format!(
            "A job was taken over after {:.1} ms, a leader followed after {:.1} s,",
            milliseconds(taken_over),
            led_anew.as_secs_f64()
        ))?;
        self.tell(format!("and {} jobs a second were done, all of them safe on disk.", count(rate)))
    }

    /// This program's own connections to the server.
    fn clients(&self) -> Result<(Jobs, Znodes), Failure> {
        let (jobs, znodes) =
            self.story.addresses.clone().ok_or_else(|| internal("no worker knows the server"))?;
        let mut jobs = Jobs::new(jobs.parse().map_err(internal)?);
        jobs.use_tube(TUBE).map_err(internal)?;
        Ok((jobs, worker::connect(&znodes)?))
    }

    fn first_leader(&mut self, znodes: &Znodes) -> Result<(), Failure> {
        let leader = self.until("a leader is elected", Story::leader)?;
        leads(znodes, leader)?;
        self.tell(format!("The workers have elected a leader: worker {leader}."))?;
        self.pause(READING)
    }

    /// Many jobs at once; returns how many were done in a second.
    fn burst(&mut self, jobs: &mut Jobs) -> Result<u64, Failure> {
        let start = Instant::now();
        self.put(jobs, BURST, Duration::ZERO)?;
        self.tell(format!("{} jobs are put: each was safe on disk when the server said so.", count(BURST)))?;
        self.until("these jobs are done", |story| (story.done_count() >= BURST).then_some(()))?;
        let seconds = start.elapsed().as_secs_f64();
        // Whole jobs, and there are few enough of them.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is small and positive"
        )]
        let rate = (BURST as f64 / seconds) as u64;
        self.tell(format!(
            "All are done, {seconds:.2} s after the first was put: {} a second.",
            count(rate)
        ))?;
        self.pause(READING)?;
        Ok(rate)
    }

    /// A worker is killed in the middle of a job; returns after what time another one has begun with it.
    fn killed_worker(&mut self, jobs: &mut Jobs) -> Result<Duration, Failure> {
        let leader = self.until("there is a leader", Story::leader)?;
        // Two, so that one of them is not the leader's, whose turn comes later.
        self.put(jobs, 2, LONG)?;
        let both = [self.story.acknowledged - 1, self.story.acknowledged];
        let (job, victim) = self.until("a worker has the job", |story| {
            let held = both.into_iter().filter_map(|job| Some((job, story.holder(job)?)));
            held.into_iter().find(|(_, holder)| *holder != leader)
        })?;
        self.tell(format!("Worker {victim} works on job {job}, which takes {} s ...", LONG.as_secs()))?;
        self.pause(READING)?;
        if self.story.holder(job) != Some(victim) {
            return Err(internal(format!("worker {victim} should still be working on job {job}")));
        }
        let killed = self.kill(victim)?;
        self.tell("... and is killed in the middle of it, with SIGKILL.".to_owned())?;
        let other = self.until("another worker takes the job over", |story| story.holder(job))?;
        let after = killed.elapsed();
        if other == victim {
            return Err(internal(format!(
                "job {job} was given to worker {victim} again, not to another one"
            )));
        }
        self.tell(format!("Worker {other} has taken the job over, {:.1} ms later.", milliseconds(after)))?;
        let are_done = |story: &Story| both.into_iter().all(|job| story.is_done(job)).then_some(());
        self.until("the job is done", are_done)?;
        self.until("the killed worker is back", |story| story.workers[victim].pid)?;
        self.tell(format!("Job {job} is done, and worker {victim} is back, as a new process."))?;
        self.pause(READING)?;
        Ok(after)
    }

    /// The leader is killed while jobs are done; returns after what time there is another.
    fn killed_leader(&mut self, jobs: &mut Jobs, znodes: &Znodes) -> Result<Duration, Failure> {
        let leader = self.until("there is a leader", Story::leader)?;
        self.put(jobs, STREAM, SHORT)?;
        let all = self.story.acknowledged;
        if self.story.done_count() == all {
            return Err(internal("all jobs are done before the leader was killed"));
        }
        let killed = self.kill(leader)?;
        self.tell(format!(
            "The leader, worker {leader}, is killed while {} more jobs are done.",
            count(STREAM)
        ))?;
        let next = self.until("another leader is elected", Story::leader)?;
        let after = killed.elapsed();
        leads(znodes, next)?;
        self.tell(format!(
            "Worker {next} leads {:.1} s later: who is silent for {} s leads no more.",
            after.as_secs_f64(),
            SESSION_TIMEOUT.as_secs()
        ))?;
        self.until("all jobs are done", |story| (story.done_count() >= all).then_some(()))?;
        Ok(after)
    }

    /// Counts, and asks the server for its own count.
    fn nothing_is_lost(&mut self, jobs: &mut Jobs) -> Result<(), Failure> {
        let all = self.story.acknowledged;
        if let Some(job) = self.story.missing().first() {
            return Err(internal(format!("job {job} is lost")));
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            let statistics = jobs.stats_tube(TUBE).map_err(internal)?;
            let number = |key: &str| statistics.as_ref().and_then(|statistics| statistics.number(key));
            let is_empty = ["ready", "reserved", "delayed", "buried"]
                .iter()
                .all(|state| number(&format!("current-jobs-{state}")) == Some(0));
            if is_empty && number("total-jobs") == Some(all) && number("cmd-delete") == Some(all) {
                break;
            }
            if Instant::now() > deadline {
                return Err(internal(format!("the server counts otherwise: {statistics:?}")));
            }
            self.turn(TURN)?;
        }
        self.tell(format!("All {} jobs that the server took were done; none is lost or left.", count(all)))?;
        self.tell(match self.story.repeated().as_slice() {
            [] => "None was done twice.".to_owned(),
            [job] => {
                format!("Job {job} was done twice: its worker died before it could say that it was done.")
            }
            many => {
                format!("{} jobs were done twice: their workers died before they could say so.", many.len())
            }
        })
    }

    /// Ends everything, and says so.
    fn end(self) -> Result<(), Failure> {
        let Stage { start, cast, mut story, mut screen, mut output, .. } = self;
        let workers: Vec<i32> = story.workers.iter().filter_map(|worker| worker.pid).collect();
        cast.end(&workers)?;
        story.over();
        story
            .told
            .push((start.elapsed(), "Everything has ended in order, and its files are removed.".to_owned()));
        screen.show(&story, start.elapsed(), true, &mut output)
    }

    /// Puts jobs, all of which have to be acknowledged.
    fn put(&mut self, jobs: &mut Jobs, number: u64, takes: Duration) -> Result<(), Failure> {
        let first = self.story.acknowledged + 1;
        let bodies: Vec<String> = (first..first + number).map(|job| worker::body(job, takes)).collect();
        for put in jobs.put_all(&bodies, &PutOptions::default()) {
            put.map_err(internal)?;
            self.story.acknowledged += 1;
        }
        Ok(())
    }

    /// Kills a worker; returns when.
    fn kill(&mut self, index: usize) -> Result<Instant, Failure> {
        let pid = self.story.workers[index].pid.and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| internal(format!("worker {index} should be there")))?;
        kill_process(pid, Signal::KILL).map_err(internal)?;
        let killed = Instant::now();
        self.story.killed(index);
        Ok(killed)
    }

    fn tell(&mut self, text: String) -> Result<(), Failure> {
        self.story.told.push((self.start.elapsed(), text));
        self.screen.show(&self.story, self.start.elapsed(), true, &mut self.output)
    }

    /// Waits until `look` finds something, but not for ever.
    fn until<T>(&mut self, what: &str, look: impl Fn(&Story) -> Option<T>) -> Result<T, Failure> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look(&self.story) {
                return Ok(found);
            }
            if Instant::now() > deadline {
                return Err(internal(format!("it has not happened in {} s that {what}", PATIENCE.as_secs())));
            }
            self.turn(TURN)?;
        }
    }

    fn pause(&mut self, time: Duration) -> Result<(), Failure> {
        let end = Instant::now() + time;
        while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            self.turn(left.min(TURN))?;
        }
        Ok(())
    }

    /// Hears one line, if one comes in time.
    fn turn(&mut self, patience: Duration) -> Result<(), Failure> {
        if self.interrupt.is_raised() {
            let message = "the demonstration was stopped before its end; nothing of it is left";
            return Err(Failure::new(Exit::NotFound, message));
        }
        if let Some(line) = self.cast.line(patience)? {
            self.story.hear(&line);
        }
        self.screen.show(&self.story, self.start.elapsed(), false, &mut self.output)
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Asks the server who leads.
fn leads(znodes: &Znodes, index: usize) -> Result<(), Failure> {
    let leader = Election::new(znodes, ELECTION, "nobody").leader().wait().map_err(internal)?;
    if leader.as_deref() == Some(index.to_string().as_str()) {
        return Ok(());
    }
    Err(internal(format!("worker {index} says that it leads, the server knows {leader:?}")))
}

#[expect(clippy::needless_pass_by_value, reason = "it is passed to map_err")]
fn internal(error: impl ToString) -> Failure {
    Failure::new(Exit::Internal, error.to_string())
}

//! What is asked over the control socket, and when each is answered. How it is said is `control`'s business.

use std::collections::BTreeSet;

use jiff::Timestamp;
use tokio::sync::oneshot;
use trellis_unix::signals::signal_named;

use super::Supervisor;
use super::control::server::{Answer, Asked};
use super::control::{Reply, Request};
use super::goals::Goal;
use super::names::Kind;
use super::orders::signal_leader;
use crate::fleet::{Progress, Target, WishError};

/// An answer that has to wait until something has happened.
pub(super) struct Waiting {
    goal: Goal,
    answer: oneshot::Sender<Answer>,
}

impl Supervisor {
    /// Does what is asked, and answers, now or later.
    pub(super) async fn answer(&mut self, asked: Asked) {
        let Asked { request, answer } = asked;
        let outcome = match request {
            Request::Status { names } => {
                let targets = self.targets(&names);
                targets.map(|targets| {
                    let meant = (!names.is_empty()).then_some(&targets[..]);
                    Outcome::Reply(Reply::Status(self.status(meant)))
                })
            }
            Request::Start { names } => self.start(&names),
            Request::Stop { names } => self.stop(&names),
            Request::Restart { names } => self.restart(&names),
            Request::End => {
                self.end("asked to");
                Ok(Outcome::Later(Goal::Over))
            }
            Request::Reload => Ok(Outcome::Reply(match self.reload().await {
                Ok(()) => done("the file was read and is applied"),
                Err(error) => Reply::Failed { message: format!("nothing is changed:\n{error}") },
            })),
            Request::Signal { signal, names } => self.signal_by_name(&signal, &names),
            Request::Logs { names, lines, follow } => self.read_logs(&names, lines, follow),
        };
        // Whoever asked may have gone.
        let _ = match outcome {
            Ok(Outcome::Reply(reply)) => answer.send(Answer::Reply(reply)),
            Ok(Outcome::Answer(ready)) => answer.send(ready),
            Ok(Outcome::Later(goal)) => {
                self.overtake(&goal);
                self.waiting.push(Waiting { goal, answer });
                Ok(())
            }
            Err(error) => answer.send(Answer::Reply(Reply::Unknown { message: error.to_string() })),
        };
    }

    /// Tells those who have waited for the opposite that it will not happen.
    fn overtake(&mut self, goal: &Goal) {
        for Waiting { goal: before, answer } in std::mem::take(&mut self.waiting) {
            match before.overtaken_by(goal) {
                // Whoever asked may have gone.
                Some(message) => drop(answer.send(Answer::Reply(Reply::Failed { message }))),
                None => self.waiting.push(Waiting { goal: before, answer }),
            }
        }
    }

    /// Answers those who have waited long enough. Nothing is left to be ordered when this is called.
    pub(super) fn answer_waiting(&mut self) {
        for Waiting { goal, answer } in std::mem::take(&mut self.waiting) {
            match self.reached(&goal) {
                Some(reply) => drop(answer.send(Answer::Reply(reply))),
                None if answer.is_closed() => {}
                None => self.waiting.push(Waiting { goal, answer }),
            }
        }
    }

    /// The reply to somebody who waits, if what they wait for has happened.
    fn reached(&self, goal: &Goal) -> Option<Reply> {
        let all = |targets: &[Target], look: &dyn Fn(&Target) -> Progress| {
            let mut reply = Some(done(""));
            for target in targets {
                match look(target) {
                    Progress::Done => {}
                    Progress::Moving => reply = None,
                    Progress::Failed(name) => {
                        let end = self.records.get(&name).and_then(|record| record.last_end.as_deref());
                        let message = format!("{name} has failed ({})", end.unwrap_or("nobody knows why"));
                        return Some(Reply::Failed { message });
                    }
                }
            }
            reply
        };
        match goal {
            Goal::Started(targets) => all(targets, &|target| self.is_started(target))
                .map(|reply| if matches!(reply, Reply::Done { .. }) { self.started(targets) } else { reply }),
            Goal::Stopped(targets) => all(targets, &|target| self.is_stopped(target)),
            Goal::Over => None,
        }
    }

    fn is_started(&self, target: &Target) -> Progress {
        match self.fleet.is_started(target) {
            Progress::Done if !self.timetables.are_started(target) => Progress::Moving,
            Progress::Done if !self.places_are_started(target) => Progress::Moving,
            progress => progress,
        }
    }

    fn is_stopped(&self, target: &Target) -> Progress {
        match self.fleet.is_stopped(target) {
            Progress::Done if !self.timetables.are_stopped(target) => Progress::Moving,
            Progress::Done if !self.places_are_stopped(target) => Progress::Moving,
            progress => progress,
        }
    }

    /// The reply to whoever has waited for a start, which may not have been this machine's.
    fn started(&self, targets: &[Target]) -> Reply {
        let programs = targets.iter().map(Target::program);
        let is_elsewhere =
            |program: &&str| self.fleet.is_elsewhere(program) || self.timetables.runs.is_elsewhere(program);
        let elsewhere: BTreeSet<&str> = programs.filter(is_elsewhere).collect();
        let text =
            |program: &str| format!("{program} runs on one machine only: here, once this one is elected");
        let lines: Vec<String> = elsewhere.into_iter().map(text).collect();
        done(&lines.join("\n"))
    }

    fn start(&mut self, names: &[String]) -> Result<Outcome, WishError> {
        let (targets, now) = (self.targets(names)?, self.now());
        for target in &targets {
            match self.kind(target.program()) {
                Kind::Living => self.fleet.start(now, target)?,
                Kind::Places => self.start_places(target),
                Kind::Timetable => self.timetables.runs.start(Timestamp::now(), target),
            }
        }
        Ok(Outcome::Later(Goal::Started(targets)))
    }

    fn stop(&mut self, names: &[String]) -> Result<Outcome, WishError> {
        let targets = self.targets(names)?;
        targets.iter().for_each(|target| self.stop_target(target));
        Ok(Outcome::Later(Goal::Stopped(targets)))
    }

    /// Stops what is there; what isn't, is stopped.
    pub(super) fn stop_target(&mut self, target: &Target) {
        let now = self.now();
        match self.kind(target.program()) {
            Kind::Living => drop(self.fleet.stop(now, target)),
            Kind::Places => self.stop_places(target),
            Kind::Timetable => self.timetables.runs.stop(now, target),
        }
        self.keep_sockets();
    }

    fn restart(&mut self, names: &[String]) -> Result<Outcome, WishError> {
        let (targets, now) = (self.targets(names)?, self.now());
        for target in &targets {
            match self.kind(target.program()) {
                Kind::Living => self.fleet.restart(now, target)?,
                Kind::Places => self.restart_places(target),
                Kind::Timetable => self.timetables.runs.restart(now, Timestamp::now(), target),
            }
        }
        Ok(Outcome::Later(Goal::Started(targets)))
    }

    fn signal_by_name(&mut self, signal: &str, names: &[String]) -> Result<Outcome, WishError> {
        let Some(signal) = signal_named(signal) else {
            let message = format!("{signal:?} is not a signal: it is a name as in USR1, or a number");
            return Ok(Outcome::Reply(Reply::Failed { message }));
        };
        let mut count = 0;
        for target in self.targets(names)? {
            for pid in self.pids(&target)? {
                signal_leader(pid, signal);
                count += 1;
            }
        }
        Ok(Outcome::Reply(match count {
            0 => Reply::Failed { message: "nothing of that name runs".to_owned() },
            1 => done("sent to 1 process"),
            count => done(&format!("sent to {count} processes")),
        }))
    }

    fn read_logs(&mut self, names: &[String], lines: usize, follow: bool) -> Result<Outcome, WishError> {
        let targets = self.targets(names)?;
        let mut parts = Vec::new();
        for target in &targets {
            match target {
                Target::Program(program) => parts.extend(self.logs.read(program, lines)),
                Target::Process(name) => {
                    let message =
                        format!("output is kept by program: ask for {} instead of {name}", name.program);
                    return Ok(Outcome::Reply(Reply::Failed { message }));
                }
            }
        }
        Ok(Outcome::Answer(Answer::Output { parts, follow }))
    }
}

/// What becomes of a request.
enum Outcome {
    Reply(Reply),
    Answer(Answer),
    Later(Goal),
}

fn done(text: &str) -> Reply {
    Reply::Done { text: text.to_owned() }
}

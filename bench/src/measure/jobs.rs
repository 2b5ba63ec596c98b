//! What is done with jobs, and the preparation that it needs.

use std::time::Instant;

use anyhow::{Result, ensure};

use super::{DRAIN_LIMIT, Effort, Measurement, PREPARATION_DEPTH, Run, restart};
use crate::beanstalk;
use crate::network::Network;
use crate::rows::JobWork;
use crate::server::{Programs, Server};
use crate::workload::{AllReady, AwaitWaiting, BODY, Cycle, LARGE_BODY, Script, Tubes, Waiters};

/// The requests that a load of puts has at most, so that no server fills the machine.
const PUTS_MAX: usize = 4_000_000;
/// Delayed jobs become ready after this many seconds at the earliest: after the end of any run.
const DELAY_SECONDS: u32 = 24 * 60 * 60;

pub(super) fn drive(
    work: JobWork,
    connections: usize,
    programs: &Programs,
    server: &mut Server,
    effort: Effort,
) -> Result<Measurement> {
    let connections = if connections > 100 { effort.scale(connections) } else { connections };
    let empty = server.resident_bytes()?;
    let mut network = Network::connect(server.address, connections)?;
    let mut run = Run { network: &mut network, server, effort };
    match work {
        JobWork::Cycle => run.load(&mut Cycle(BODY)),
        JobWork::Put { depth } => run.load(&mut puts(depth, PUTS_MAX, |_| 0)),
        JobWork::Fill { jobs } => {
            let jobs = effort.scale(jobs);
            run.fill(&mut puts(PREPARATION_DEPTH, jobs, |_| 0), jobs, empty)
        }
        JobWork::Delayed { jobs } => {
            run.prepare(&mut delayed(effort.scale(jobs)))?;
            run.load(&mut Cycle(BODY))
        }
        JobWork::Saved { jobs } => {
            run.prepare(&mut delayed(effort.scale(jobs)))?;
            run.load_while_saving(&mut Cycle(LARGE_BODY))
        }
        JobWork::Restart { jobs } => {
            let jobs = effort.scale(jobs);
            run.prepare(&mut puts(PREPARATION_DEPTH, jobs, |_| 0))?;
            drop(network);
            let measurement = restart(server, programs, jobs)?;
            let mut network = Network::connect(server.address, 1)?;
            Run { network: &mut network, server, effort }.prepare(&mut AllReady::new(jobs))?;
            Ok(measurement)
        }
        JobWork::Tubes { tubes } => {
            let tubes = effort.scale(tubes);
            run.prepare(&mut Script::new(PREPARATION_DEPTH, one_job_a_tube(tubes, connections)))?;
            run.load(&mut Tubes::new(tubes, connections))
        }
        JobWork::Watched { tubes } => {
            run.prepare(&mut Script::new(PREPARATION_DEPTH, watch_all(tubes, connections)))?;
            run.load(&mut Cycle(BODY))
        }
        JobWork::Waiting => run.wake(connections / 2),
    }
}

impl Run<'_> {
    /// Half of the connections wait and are woken one by one; in the end, all wait again.
    fn wake(&mut self, workers: usize) -> Result<Measurement> {
        self.prepare(&mut AwaitWaiting::after_reserve(workers))?;
        let mut workload = Waiters::new(workers);
        let measurement = self.load(&mut workload)?;
        workload.stop();
        let finished = self.network.run(&mut workload, Instant::now() + DRAIN_LIMIT)?;
        ensure!(finished, "of {} jobs some never came to a worker", workload.jobs());
        self.network.complete(&mut AwaitWaiting::again(workers), DRAIN_LIMIT)?;
        Ok(measurement)
    }
}

/// Puts jobs whose delays are spread over a day, in no order, as real ones are.
fn delayed(count: usize) -> Script<impl FnMut(usize, &mut Vec<u8>) -> bool> {
    puts(PREPARATION_DEPTH, count, |number| DELAY_SECONDS + (number * 7919 % 86_400) as u32)
}

/// Puts into the used tube, `count` in all; `delay` gives the seconds for each.
pub(crate) fn puts(
    depth: usize,
    count: usize,
    delay: impl Fn(usize) -> u32,
) -> Script<impl FnMut(usize, &mut Vec<u8>) -> bool> {
    let mut done = 0;
    Script::new(depth, move |_, out| {
        if done == count {
            return false;
        }
        beanstalk::put(out, delay(done), BODY);
        done += 1;
        true
    })
}

/// Uses each tube and puts a job into it; each connection makes its share of the tubes.
fn one_job_a_tube(tubes: usize, connections: usize) -> impl FnMut(usize, &mut Vec<u8>) -> bool {
    let mut steps = vec![0; connections];
    move |connection, out| {
        let tube = connection + steps[connection] / 2 * connections;
        if tube >= tubes {
            return false;
        }
        match steps[connection] % 2 {
            0 => beanstalk::tube(out, "use", tube),
            _ => beanstalk::put(out, 0, BODY),
        }
        steps[connection] += 1;
        true
    }
}

/// Each connection watches all tubes and uses one of them.
fn watch_all(tubes: usize, connections: usize) -> impl FnMut(usize, &mut Vec<u8>) -> bool {
    let mut steps = vec![0; connections];
    move |connection, out| {
        let step = steps[connection];
        steps[connection] += 1;
        if step < tubes {
            beanstalk::tube(out, "watch", step);
        } else if step == tubes {
            beanstalk::tube(out, "use", connection * tubes / connections);
        }
        step <= tubes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a preparation sends on three connections that take turns.
    fn sent(mut next: impl FnMut(usize, &mut Vec<u8>) -> bool) -> String {
        let mut out = Vec::new();
        let mut left = vec![0, 1, 2];
        while !left.is_empty() {
            left.retain(|&connection| next(connection, &mut out));
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_tube_gets_one_job() {
        let sent = sent(one_job_a_tube(10, 3));
        assert_eq!(sent.matches("put ").count(), 10);
        for tube in 0..10 {
            assert_eq!(sent.matches(&format!("use tube-{tube}\r\n")).count(), 1, "{tube}");
        }
    }

    #[test]
    fn every_connection_watches_every_tube_and_uses_one() {
        let sent = sent(watch_all(10, 3));
        for tube in 0..10 {
            assert_eq!(sent.matches(&format!("watch tube-{tube}\r\n")).count(), 3, "{tube}");
        }
        assert_eq!(sent.matches("use ").count(), 3);
    }
}

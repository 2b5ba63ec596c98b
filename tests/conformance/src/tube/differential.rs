//! The same sequences to both servers: random ones, those in which time passes, a drain, and a canary.

use std::thread::{self, ScopedJoinHandle};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::generate;
use super::lockstep::Pair;
use super::sequence::Sequence;
use super::server::{Durability, Program, Settings};

use super::timed;
use super::transcript::Transcript;
use crate::report::Report;
use crate::shrink::shrink;

/// The canary's limit in bytes: too small for the large bodies that the sequences send now and then.
const CANARY_JOB_BYTES_MAX: u32 = 1000;
/// How many sequences the canary has to notice the other limit.
const CANARY_ROUNDS: u64 = 2000;

/// Two servers to compare, which can be started again and again.
#[derive(Debug)]
pub(crate) struct Contest {
    /// What stands in for trellis.
    pub(crate) trellis: Program,
    pub(crate) reference: Settings,
    pub(crate) subject: Settings,
}

impl Contest {
    /// trellis against beanstalkd, both with their own limits.
    pub(crate) fn new(trellis: &Program, durability: Durability) -> Contest {
        let settings = Settings { durability, job_bytes_max: None };
        Contest { trellis: trellis.clone(), reference: settings, subject: settings }
    }

    fn start(&self) -> Result<Pair> {
        Pair::start((&Program::Beanstalkd, self.reference), (&self.trellis, self.subject))
    }

    /// Runs the sequences of the seeds from `seed` on, until one shows a difference.
    fn search(&self, seed: u64, rounds: u64) -> Result<Search> {
        let mut pair = self.start()?;
        let mut requests = 0;
        for seed in seed..seed.saturating_add(rounds) {
            let sequence = generate::sequence(seed);
            let transcript = pair.run(&sequence).with_context(|| format!("seed {seed}"))?;
            if transcript.different {
                return Ok(Search::Different { seed, sequence, transcript });
            }
            if transcript.is_silent() {
                bail!("at seed {seed} neither server answered what should be answered\n{transcript}");
            }
            requests += transcript.requests;
        }
        Ok(Search::Same { requests })
    }

    /// The smallest sequence with a difference on fresh servers, and what happens in it; nothing if fresh
    /// servers show none.
    fn smallest(&self, sequence: Sequence) -> Result<Option<(Sequence, Transcript)>> {
        let mut pair = self.start()?;
        if !pair.run(&sequence)?.different {
            return Ok(None);
        }
        let mut pair = self.start()?;
        let smallest = shrink(sequence, |candidate| {
            let different = pair.run(candidate)?.different;
            if different {
                pair = self.start()?;
            }
            Ok(different)
        })?;
        let transcript = self.start()?.run(&smallest)?;
        Ok(Some((smallest, transcript)))
    }
}

enum Search {
    Same { requests: usize },
    Different { seed: u64, sequence: Sequence, transcript: Transcript },
}

/// Random sequences; a difference is reported with its seed, the smallest sequence and both transcripts.
pub(crate) fn random(contest: &Contest, seed: u64, rounds: u64) -> Result<String> {
    match contest.search(seed, rounds)? {
        Search::Same { requests } => {
            Ok(format!("{rounds} sequences of {requests} requests from seed {seed}"))
        }
        Search::Different { seed, sequence, transcript } => match contest.smallest(sequence)? {
            Some((_, smallest)) => {
                bail!("the servers differ; run again with --seed {seed} --rounds 1\n{smallest}")
            }
            None => bail!(
                "the servers differ at seed {seed}, but not if they are fresh; what happened:\n{transcript}"
            ),
        },
    }
}

/// The proof that the alarm works: one side has a smaller limit, and that must be found and cut down to one put.
pub(crate) fn canary(contest: &Contest, seed: u64) -> Result<String> {
    let Search::Different { seed, sequence, .. } = contest.search(seed, CANARY_ROUNDS)? else {
        bail!("{CANARY_ROUNDS} sequences from seed {seed} did not notice a smaller limit of one side");
    };
    let steps = sequence.steps.len();
    let (smallest, _) =
        contest.smallest(sequence)?.context("fresh servers did not show the difference again")?;
    if smallest.steps.len() > 2 {
        bail!("{steps} steps became {}, where one or two would do", smallest.steps.len());
    }
    Ok(format!("noticed at seed {seed}, {steps} steps cut down to {}", smallest.steps.len()))
}

impl Contest {
    /// beanstalkd against itself, with one side's limit lowered.
    pub(crate) fn canary() -> Contest {
        let usual = Settings { durability: Durability::Memory, job_bytes_max: None };
        let lower = Settings { job_bytes_max: Some(CANARY_JOB_BYTES_MAX), ..usual };
        Contest { trellis: Program::Beanstalkd, reference: usual, subject: lower }
    }
}

/// The scripts in which time passes, all at once.
pub(crate) fn timed(contest: &Contest, report: &mut Report) -> Result<()> {
    let started = Instant::now();
    let scripts = timed::scripts()?;
    let results: Vec<Result<String>> = thread::scope(|scope| {
        let running: Vec<_> =
            scripts.iter().map(|(_, sequence)| scope.spawn(|| script(contest, sequence))).collect();
        let joined = running.into_iter().map(ScopedJoinHandle::join);
        joined.map(|result| result.unwrap_or_else(|_| bail!("the check itself has failed"))).collect()
    });
    for ((name, _), result) in scripts.iter().zip(results) {
        report.add(&format!("timed: {name}"), result, started.elapsed())?;
    }
    Ok(())
}

fn script(contest: &Contest, sequence: &Sequence) -> Result<String> {
    let transcript = contest.start()?.run(sequence)?;
    if transcript.different {
        bail!("the servers differ\n{transcript}");
    }
    if transcript.is_silent() {
        bail!("neither server answered what should be answered\n{transcript}");
    }
    Ok(format!("{} steps", sequence.steps.len()))
}

/// Random sequences to servers that drain.
pub(crate) fn drain(contest: &Contest, seed: u64, rounds: u64) -> Result<String> {
    let mut pair = contest.start()?;
    pair.drain()?;
    for seed in seed..seed.saturating_add(rounds) {
        let transcript = pair.run(&generate::sequence(seed))?;
        if transcript.different {
            bail!("the servers differ at seed {seed}\n{transcript}");
        }
    }
    Ok(format!("{rounds} sequences from seed {seed}"))
}

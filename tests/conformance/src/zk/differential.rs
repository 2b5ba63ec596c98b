//! The same sequences to both servers, and the smallest one that shows a difference.

use anyhow::{Context, Result, bail};

use super::generate;
use super::lockstep::Pair;
use super::order;
use super::proxy::{Mistake, Proxy};
use super::sequence::Sequence;
use super::server::{Pace, Program, Server};
use super::side::Side;
use super::transcript::Transcript;
use crate::shrink::shrink;

/// How many sequences the canary has to notice a mistake.
const CANARY_ROUNDS: u64 = 200;
/// How many steps are enough to show one.
const CANARY_STEPS_MAX: usize = 4;

/// Two servers to compare, which can be started again and again.
#[derive(Debug)]
pub(super) struct Contest {
    /// What stands in for trellis.
    trellis: Program,
}

enum Search {
    Same { events: usize },
    Different { seed: u64, sequence: Sequence, transcript: Transcript },
}

impl Contest {
    pub(super) fn new(trellis: &Program) -> Contest {
        Contest { trellis: trellis.clone() }
    }

    /// Starts both.
    pub(super) fn start(&self, pace: Pace) -> Result<Pair> {
        let (reference, trellis) =
            (Server::start(&Program::ZooKeeper, pace)?, Server::start(&self.trellis, pace)?);
        let (its_address, our_address) = (reference.address(), trellis.address());
        Ok(Pair::new(Side::new(reference, its_address)?, Side::new(trellis, our_address)?))
    }

    /// What happens in the smallest sequence that shows a difference on fresh servers; nothing if fresh servers show
    /// none.
    fn smallest(&self, sequence: Sequence) -> Result<Option<Transcript>> {
        let mut pair = self.start(Pace::SLOW)?;
        if !pair.run(&sequence)?.is_different() {
            return Ok(None);
        }
        let smallest = shrink(sequence.clone(), |candidate| {
            if pair.recover().is_err() {
                pair = self.start(Pace::SLOW)?;
            }
            Ok(pair.run(candidate)?.is_different())
        })?;
        // What is left of other sequences must not have made the difference.
        for sequence in [smallest, sequence] {
            let transcript = self.start(Pace::SLOW)?.run(&sequence)?;
            if transcript.is_different() {
                return Ok(Some(transcript));
            }
        }
        Ok(None)
    }
}

/// Runs the sequences of the seeds from `seed` on, until one shows a difference.
fn search(pair: &mut Pair, seed: u64, rounds: u64) -> Result<Search> {
    let mut events = 0;
    for seed in seed..seed.saturating_add(rounds) {
        let sequence = generate::sequence(seed);
        let transcript = pair.run(&sequence).with_context(|| format!("seed {seed}"))?;
        if transcript.is_different() {
            return Ok(Search::Different { seed, sequence, transcript });
        }
        if transcript.is_silent() {
            bail!("at seed {seed} neither server answered what should be answered\n{transcript}");
        }
        events += transcript.events();
    }
    Ok(Search::Same { events })
}

/// Random sequences; a difference is reported with its seed and what both servers did in the smallest sequence.
pub(super) fn random(contest: &Contest, seed: u64, rounds: u64) -> Result<String> {
    match search(&mut contest.start(Pace::SLOW)?, seed, rounds)? {
        Search::Same { events } => {
            Ok(format!("{rounds} sequences with {events} answers and events from seed {seed}"))
        }
        Search::Different { seed, sequence, transcript } => match contest.smallest(sequence)? {
            Some(smallest) => {
                bail!("the servers differ; run again with --seed {seed} --rounds 1\n{smallest}")
            }
            None => bail!(
                "the servers differ at seed {seed}, but not if they are fresh; what happened:\n{transcript}"
            ),
        },
    }
}

/// The proof that the alarm works: a real server whose words are spoiled on the way. Each mistake must be noticed,
/// and be shown by a few steps.
pub(super) fn canary(seed: u64) -> Result<String> {
    let (original, spoilt) = (start_original()?, start_original()?);
    let proxy = Proxy::start(spoilt.address())?;
    let (own, others) = (original.address(), proxy.address());
    let mut pair = Pair::new(Side::new(original, own)?, Side::new(spoilt, others)?);
    let mut remarks = Vec::new();
    for mistake in Mistake::ALL {
        proxy.make(Some(*mistake));
        let Search::Different { seed, sequence, .. } = search(&mut pair, seed, CANARY_ROUNDS)? else {
            bail!("{CANARY_ROUNDS} sequences from seed {seed} did not notice {mistake:?}");
        };
        let before = sequence.steps.len();
        let smallest = shrink(sequence, |candidate| {
            pair.recover()?;
            Ok(pair.run(candidate)?.is_different())
        })?;
        let after = smallest.steps.len();
        if after > CANARY_STEPS_MAX {
            bail!("{before} steps that show {mistake:?} became {after}");
        }
        remarks.push(format!("{mistake:?} at seed {seed} ({before} steps cut down to {after})"));
        proxy.make(None);
        pair.recover()?;
    }
    proxy.make(Some(Mistake::LateEvent));
    if order::check_at(proxy.address()).is_ok() {
        bail!("a late event was not noticed while others write");
    }
    Ok(remarks.join(", "))
}

fn start_original() -> Result<Server> {
    Server::start(&Program::ZooKeeper, Pace::SLOW)
}

//! Cuts a failing sequence down to a small one that still fails.

use anyhow::Result;

use super::sequence::{Action, Sequence};

/// How many smaller sequences are tried; each may need two fresh servers.
const TRIES_MAX: u32 = 300;

/// Drops steps, and then single requests of steps, while `fails` still says that the rest fails.
pub(crate) fn shrink(
    sequence: Sequence,
    mut fails: impl FnMut(&Sequence) -> Result<bool>,
) -> Result<Sequence> {
    let mut tries = 0;
    let mut smallest = sequence;
    let mut fails = |candidate: &Sequence, tries: &mut u32| {
        *tries += 1;
        fails(candidate)
    };

    let mut chunk = smallest.steps.len().div_ceil(2).max(1);
    loop {
        let mut start = 0;
        let mut dropped = false;
        while start < smallest.steps.len() && tries < TRIES_MAX {
            let candidate = without_steps(&smallest, start, chunk);
            if fails(&candidate, &mut tries)? {
                smallest = candidate;
                dropped = true;
            } else {
                start += chunk;
            }
        }
        if chunk == 1 && !dropped || tries >= TRIES_MAX {
            break;
        }
        chunk = (chunk / 2).max(1);
    }

    for step in (0..smallest.steps.len()).rev() {
        let mut place = 0;
        while let Some(candidate) = without_request(&smallest, step, place) {
            if tries < TRIES_MAX && fails(&candidate, &mut tries)? {
                smallest = candidate;
            } else {
                place += 1;
            }
        }
    }
    Ok(smallest)
}

/// Without some steps, and without those that belong to them.
fn without_steps(sequence: &Sequence, start: usize, count: usize) -> Sequence {
    let end = (start + count).min(sequence.steps.len());
    let groups: Vec<usize> = sequence.steps[start..end].iter().map(|step| step.group).collect();
    let steps = sequence.steps.iter().filter(|step| !groups.contains(&step.group)).cloned().collect();
    Sequence { steps, ..*sequence }
}

/// Without one request of a step that has several; nothing if there is no such request.
fn without_request(sequence: &Sequence, step: usize, place: usize) -> Option<Sequence> {
    let mut smaller = sequence.clone();
    let Action::Send { requests, .. } = &mut smaller.steps[step].action else { return None };
    if requests.len() < 2 || place >= requests.len() {
        return None;
    }
    requests.remove(place);
    Some(smaller)
}

#[cfg(test)]
mod tests {
    use super::super::generate;
    use super::*;

    #[test]
    fn what_matters_is_left_over() {
        let fails = |sequence: &Sequence| {
            let text: String = sequence.steps.iter().map(ToString::to_string).collect();
            Ok(text.contains("put ") && text.contains("kick "))
        };
        let mut failing = 0;
        for sequence in (0..100).map(generate::sequence) {
            if fails(&sequence).expect("cannot fail") {
                failing += 1;
                let smallest = shrink(sequence, fails).expect("cannot fail");
                assert!(fails(&smallest).expect("cannot fail"));
                // A put in two halves, and a kick.
                assert!(smallest.steps.len() <= 3, "{smallest:?}");
            }
        }
        assert!(failing > 10);
    }
}

//! Cuts a failing sequence down to a small one that still fails. Knows nothing of what is in its steps.

use std::time::{Duration, Instant};

use anyhow::Result;

/// How many smaller sequences are tried; each may need two fresh servers.
const TRIES_MAX: u32 = 300;
/// How long smaller ones are looked for; each may have to wait for an answer that does not come.
const TIME_MAX: Duration = Duration::from_secs(120);

/// A sequence that can be made smaller.
pub(crate) trait Shrink: Sized {
    /// How many steps it has.
    fn steps(&self) -> usize;

    /// Without the steps from `start` on, up to `count` of them, and without those that belong to them.
    fn without_steps(&self, start: usize, count: usize) -> Self;

    /// Without one part of a step that has several; nothing if there is no such part.
    fn without_part(&self, step: usize, place: usize) -> Option<Self>;
}

/// Drops steps, and then single parts of steps, while `fails` still says that the rest fails.
pub(crate) fn shrink<T: Shrink>(sequence: T, mut fails: impl FnMut(&T) -> Result<bool>) -> Result<T> {
    let began = Instant::now();
    let mut tries = 0;
    let mut smallest = sequence;
    let mut fails = |candidate: &T, tries: &mut u32| {
        *tries = if began.elapsed() < TIME_MAX { *tries + 1 } else { TRIES_MAX };
        fails(candidate)
    };

    let mut chunk = smallest.steps().div_ceil(2).max(1);
    loop {
        let mut start = 0;
        let mut dropped = false;
        while start < smallest.steps() && tries < TRIES_MAX {
            let candidate = smallest.without_steps(start, chunk);
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

    for step in (0..smallest.steps()).rev() {
        let mut place = 0;
        while let Some(candidate) = smallest.without_part(step, place) {
            if tries < TRIES_MAX && fails(&candidate, &mut tries)? {
                smallest = candidate;
            } else {
                place += 1;
            }
        }
    }
    Ok(smallest)
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Shrink for Vec<Vec<u32>> {
        fn steps(&self) -> usize {
            self.len()
        }

        fn without_steps(&self, start: usize, count: usize) -> Self {
            let kept = |place: &usize| *place < start || *place >= start + count;
            (0..self.len()).filter(kept).map(|place| self[place].clone()).collect()
        }

        fn without_part(&self, step: usize, place: usize) -> Option<Self> {
            let mut smaller = self.clone();
            (place < self[step].len()).then(|| smaller[step].remove(place))?;
            Some(smaller)
        }
    }

    #[test]
    fn what_matters_is_left_over() {
        let numbers: Vec<Vec<u32>> = (0..40).map(|step| (step * 5..step * 5 + 5).collect()).collect();
        let all = |sequence: &Vec<Vec<u32>>| sequence.concat();
        let smallest = shrink(numbers, |candidate| {
            let left = all(candidate);
            Ok([17, 101, 103].iter().all(|number| left.contains(number)))
        });
        assert_eq!(smallest.unwrap(), [vec![17], vec![101, 103]]);
    }
}

//! Cases in words, and a simulation under proptest: whatever was there, doing what the plan says ends with what is
//! wanted, and keeps the rules on the way. proptest prints what failed, and the seed is its own.

use proptest::prelude::*;

use super::{Actual, Phase, Step, Wanted, steps};

/// `name.edition*count` with `<a,b` for what it comes after.
fn wanted(text: &str) -> Vec<Wanted> {
    let one = |word: &str| {
        let (word, after) = word.split_once('<').unwrap_or((word, ""));
        let (program, rest) = word.split_once('.').expect("an edition");
        let (edition, count) = rest.split_once('*').expect("a count");
        Wanted {
            program: program.to_owned(),
            edition: edition.parse().expect("an edition"),
            count: count.parse().expect("a count"),
            after: names(after),
        }
    };
    text.split_whitespace().map(one).collect()
}

/// `name.edition:phases` with `<a,b`; one letter a process: `r`eady, `u`nready, `g`iven up, `s`topping, `-` not there.
fn actual(text: &str) -> Vec<Actual> {
    let mut all = Vec::new();
    for word in text.split_whitespace() {
        let (word, after) = word.split_once('<').unwrap_or((word, ""));
        let (program, rest) = word.split_once('.').expect("an edition");
        let (edition, phases) = rest.split_once(':').expect("phases");
        for (index, letter) in (0..).zip(phases.chars()) {
            let phase = match letter {
                'r' => Phase::Ready,
                'u' => Phase::Unready,
                'g' => Phase::GivenUp,
                's' => Phase::Stopping,
                _ => continue,
            };
            let edition = edition.parse().expect("an edition");
            all.push(Actual { program: program.to_owned(), index, edition, after: names(after), phase });
        }
    }
    all
}

fn names(text: &str) -> Vec<String> {
    text.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Wanted | actual | the steps, `+a0` for a start and `-a0` for a stop.
const CASES: &str = "\
                  |                  |
a.1*2             |                  | +a0 +a1
a.1*2             | a.1:rr           |
a.1*2             | a.1:ur           |
a.1*3             | a.1:r-r          | +a1
a.1*1             | a.1:rrr          | -a1 -a2
a.1*0             | a.1:r            | -a0
                  | a.1:rs           | -a0
a.1*1             | a.1:-s           |
a.1*1             | a.1:g            |
a.2*2             | a.1:rr           | -a0
a.2*2             | a.1:sr           |
a.2*2             | a.1:-r           | +a0
a.2*2             | a.1:-r a.2:u     |
a.2*2             | a.1:-r a.2:r     | -a1
a.2*3             | a.1:rr           | +a2
a.2*2             | a.1:uu           | -a0 -a1
a.2*2             | a.1:rg           | -a1
a.2*1             | a.1:rr           | -a1 -a0
a.1*1 b.1*1<a     |                  | +a0
a.1*1 b.1*1<a     | a.1:u            |
a.1*1 b.1*1<a     | a.1:g            |
a.1*1 b.1*1<a     | a.1:r            | +b0
a.1*1 b.1*1<a     | a.1:u b.1:r      |
a.1*0 b.1*1<a     |                  | +b0
                  | a.1:r b.1:r<a    | -b0
                  | a.1:r b.1:s<a    |
                  | a.1:r            | -a0
a.1*1             | a.1:r b.1:r<a    | -b0
c.1*1             | a.1:r b.1:r<a    | -b0 +c0
";

#[test]
fn the_plan_is_what_is_missing() {
    for line in CASES.lines() {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let found: Vec<String> = steps(&wanted(columns[0]), &actual(columns[1]))
            .iter()
            .map(|step| match step {
                Step::Start { program, index } => format!("+{program}{index}"),
                Step::Stop { program, index } => format!("-{program}{index}"),
            })
            .collect();
        assert_eq!(found.join(" "), columns[2], "{line}");
    }
}

/// Programs `a` to `d`; each may come after those before it.
fn any_wanted() -> impl Strategy<Value = Vec<Wanted>> {
    let one = |name: &'static str, before: &'static [&'static str]| {
        let after = proptest::sample::subsequence(before, 0..=before.len());
        (1..3_u64, 0..4_u32, after, any::<bool>()).prop_map(move |(edition, count, after, there)| {
            there.then(|| Wanted {
                program: name.to_owned(),
                edition,
                count,
                after: after.into_iter().map(str::to_owned).collect(),
            })
        })
    };
    (one("a", &[]), one("b", &["a"]), one("c", &["a", "b"]), one("d", &["a", "b", "c"])).prop_map(
        |(a, b, c, d)| {
            let mut all: Vec<Wanted> = [a, b, c, d].into_iter().flatten().collect();
            let names: Vec<String> = all.iter().map(|program| program.program.clone()).collect();
            for program in &mut all {
                program.after.retain(|name| names.contains(name));
            }
            all
        },
    )
}

/// A machine with processes that do what they are told, one change at a time.
struct World {
    actual: Vec<Actual>,
    random: fastrand::Rng,
}

impl World {
    /// Does what the plan says, and lets one thing happen. Returns whether there was anything.
    fn turn(&mut self, wanted: &[Wanted]) -> bool {
        let steps = steps(wanted, &self.actual);
        for step in &steps {
            match step {
                Step::Start { program, index } => {
                    let wanted = wanted.iter().find(|one| one.program == *program).expect("it is wanted");
                    self.actual.push(Actual {
                        program: program.clone(),
                        index: *index,
                        edition: wanted.edition,
                        after: wanted.after.clone(),
                        phase: Phase::Unready,
                    });
                }
                Step::Stop { program, index } => {
                    let process = self.find(program, *index);
                    process.phase = Phase::Stopping;
                }
            }
        }
        let busy = |process: &Actual| matches!(process.phase, Phase::Unready | Phase::Stopping);
        let busy: Vec<usize> = (0..self.actual.len()).filter(|at| busy(&self.actual[*at])).collect();
        let Some(at) = self.random.choice(&busy).copied() else { return !steps.is_empty() };
        if self.actual[at].phase == Phase::Stopping {
            self.actual.swap_remove(at);
        } else {
            self.actual[at].phase = Phase::Ready;
        }
        true
    }

    fn find(&mut self, program: &str, index: u32) -> &mut Actual {
        let place = |process: &&mut Actual| process.program == program && process.index == index;
        self.actual.iter_mut().find(place).expect("it is there")
    }

    fn ready(&self, program: &str) -> usize {
        self.actual.iter().filter(|one| one.program == program && one.phase == Phase::Ready).count()
    }
}

/// The rules that hold at every moment.
fn rules(wanted: &[Wanted], old: &World, new: &World) -> Result<(), TestCaseError> {
    for program in wanted {
        let name = program.program.as_str();
        let of = |world: &World| world.actual.iter().filter(|one| one.program == name).count();
        prop_assert!(of(new) <= of(old).max(program.count as usize), "too many of {name}");
        let kept = |one: &&Actual| one.program == name && one.index < program.count;
        let ready: Vec<&Actual> =
            old.actual.iter().filter(kept).filter(|one| one.phase == Phase::Ready).collect();
        let taken = ready.iter().filter(|one| !new.actual.contains(one)).count();
        prop_assert!(taken <= 1, "{taken} of {name} were taken away at once");
        prop_assert!(taken == 0 || ready.len() == program.count as usize, "another of {name} was taken away");
        for process in &old.actual {
            let same = process.program == name && process.edition == program.edition;
            if same && process.index < program.count && process.phase == Phase::Ready {
                let kept = new.actual.iter().any(|one| one == process);
                prop_assert!(kept, "{name}{} has not changed and was touched", process.index);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_plan_converges_by_the_rules(files in prop::collection::vec(any_wanted(), 1..4), seed in any::<u64>()) {
        let mut world = World { actual: Vec::new(), random: fastrand::Rng::with_seed(seed) };
        for (number, wanted) in files.iter().enumerate() {
            // The last file is followed to its end, those before only for a while.
            let turns = if number + 1 == files.len() { 1_000 } else { world.random.usize(..20) };
            for process in &mut world.actual {
                // What is still wanted needs what the new file says.
                if let Some(program) = wanted.iter().find(|program| program.program == process.program) {
                    process.after.clone_from(&program.after);
                }
            }
            for _ in 0..turns {
                let before = World { actual: world.actual.clone(), random: world.random.clone() };
                let busy = world.turn(wanted);
                rules(wanted, &before, &world)?;
                if !busy {
                    break;
                }
            }
        }
        let wanted = files.last().expect("there is a file");
        prop_assert_eq!(steps(wanted, &world.actual), []);
        for program in wanted {
            prop_assert_eq!(world.ready(&program.program), program.count as usize);
            let same = |one: &&Actual| one.program == program.program && one.edition == program.edition;
            prop_assert_eq!(world.actual.iter().filter(same).count(), program.count as usize);
        }
        let count: usize = wanted.iter().map(|program| program.count as usize).sum();
        prop_assert_eq!(world.actual.len(), count);
    }
}

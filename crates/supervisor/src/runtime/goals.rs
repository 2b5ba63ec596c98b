//! What somebody who has asked for something waits for, and when it will never happen since somebody else has asked for
//! the opposite. Whether it has happened is seen elsewhere.

use crate::fleet::Target;

/// What has to happen before an answer is given.
#[derive(Clone, Debug)]
pub(super) enum Goal {
    /// All these run and are ready.
    Started(Vec<Target>),
    /// None of these runs.
    Stopped(Vec<Target>),
    /// The supervisor ends, and its connections with it.
    Over,
}

impl Goal {
    /// Why it will not be reached any more, now that somebody wants `other`; `None` if the two have nothing to do with each
    /// other.
    pub(super) fn overtaken_by(&self, other: &Goal) -> Option<String> {
        let (ours, theirs, what) = match (self, other) {
            (Goal::Stopped(ours), Goal::Started(theirs)) => (ours, theirs, "started"),
            (Goal::Started(ours), Goal::Stopped(theirs)) => (ours, theirs, "stopped"),
            _ => return None,
        };
        let touches = |their: &&Target| ours.iter().any(|our| overlap(our, their));
        let their = theirs.iter().find(touches)?;
        let name = match their {
            Target::Program(program) => program.clone(),
            Target::Process(name) => name.to_string(),
        };
        Some(format!("{name} was {what} again before it was done: somebody else has asked for that"))
    }
}

/// Whether some process is meant by both.
fn overlap(one: &Target, other: &Target) -> bool {
    match (one, other) {
        (Target::Process(name), target) | (target, Target::Process(name)) => target.includes(name),
        (Target::Program(one), Target::Program(other)) => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is waited for | what somebody else asks for | what the first is told.
    const TABLE: &str = "\
stop web      | start web       | web was started again
stop web.0    | start web       | web was started again
stop web      | start web.1     | web.1 was started again
stop web mail | start sms mail  | mail was started again
stop web      | start mail      |
stop web.0    | start web.1     |
stop web      | stop web        |
start web     | start web       |
start web     | stop web        | web was stopped again
start web.0   | stop mail web.0 | web.0 was stopped again
end           | start web       |
stop web      | end             |
";

    fn goal(text: &str) -> Goal {
        let mut words = text.split_whitespace();
        let verb = words.next().expect("a verb");
        let is_program = |word: &str| ["web", "mail", "sms"].contains(&word);
        let targets = words.map(|word| Target::parse(word, is_program).expect("a name")).collect();
        match verb {
            "start" => Goal::Started(targets),
            "stop" => Goal::Stopped(targets),
            _ => Goal::Over,
        }
    }

    #[test]
    fn a_wish_is_overtaken_by_its_opposite() {
        for line in TABLE.lines() {
            let [waits, other, wanted] = line.split('|').map(str::trim).collect::<Vec<_>>()[..] else {
                panic!("{line}");
            };
            let told = goal(waits).overtaken_by(&goal(other));
            let told = told.as_deref().and_then(|told| told.split_once(" before")).map(|(told, _)| told);
            assert_eq!(told.unwrap_or_default(), wanted, "{line}");
        }
    }
}

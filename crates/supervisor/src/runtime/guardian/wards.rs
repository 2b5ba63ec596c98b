//! What a guardian knows: which processes there are, and until when each may live without another word. Bytes and times
//! go in, and what is to be killed comes out; nothing is killed here.

use std::collections::BTreeMap;
use std::time::Duration;

use rustix::process::Pid;

use crate::limits::{FENCE_PAUSE_MAX, FENCE_PAUSE_MIN};

/// Bytes of one message: a sign, the number of the start, a pid and a time.
const MESSAGE_BYTES: usize = 1 + 8 + 4 + 8;

/// A time on the clock that runs since the machine was started, suspended or not.
pub(super) type Uptime = Duration;

/// What the supervisor tells of a process, which is known by the number of its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// It is about to be started, or runs; it may live until then, or for ever. A later word of that replaces this one.
    Lease(u64, Option<Uptime>),
    /// It runs, and leads the group and the session of this pid.
    Runs(u64, Pid),
    /// It was not started after all, or its whole group is gone.
    Gone(u64),
}

impl Message {
    /// Writes it down.
    pub(super) fn encode(self, bytes: &mut Vec<u8>) {
        let (sign, start, pid, until) = match self {
            Message::Lease(start, until) => (b'=', start, 0, until),
            Message::Runs(start, pid) => (b'+', start, pid.as_raw_nonzero().get(), None),
            Message::Gone(start) => (b'-', start, 0, None),
        };
        let until = until.map_or(u64::MAX, |until| until.as_nanos().try_into().unwrap_or(u64::MAX));
        bytes.push(sign);
        bytes.extend_from_slice(&start.to_be_bytes());
        bytes.extend_from_slice(&pid.to_be_bytes());
        bytes.extend_from_slice(&until.to_be_bytes());
    }

    fn decode(bytes: &[u8]) -> Option<Message> {
        let (sign, rest) = bytes.split_first()?;
        let (start, rest) = rest.split_first_chunk()?;
        let (pid, rest) = rest.split_first_chunk()?;
        let start = u64::from_be_bytes(*start);
        let until = Some(u64::from_be_bytes(rest.try_into().ok()?)).filter(|until| *until != u64::MAX);
        match sign {
            b'=' => Some(Message::Lease(start, until.map(Duration::from_nanos))),
            b'+' => Some(Message::Runs(start, Pid::from_raw(i32::from_be_bytes(*pid))?)),
            b'-' => Some(Message::Gone(start)),
            _ => None,
        }
    }
}

/// One process.
#[derive(Clone, Copy, Debug, Default)]
struct Ward {
    pid: Option<Pid>,
    /// Until when it may live, unless that is for ever.
    until: Option<Uptime>,
    /// If its time was over: when to look again, and how long to wait before the look after that. It is dead from then on,
    /// whatever is told later.
    fenced: Option<(Uptime, Duration)>,
}

/// All processes, by the numbers of their starts.
#[derive(Debug, Default)]
pub(super) struct Wards {
    wards: BTreeMap<u64, Ward>,
    /// The beginning of a message.
    bytes: Vec<u8>,
}

impl Wards {
    /// Takes what has come; a message may come in pieces.
    pub(super) fn receive(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        let whole = self.bytes.len() - self.bytes.len() % MESSAGE_BYTES;
        let messages: Vec<u8> = self.bytes.drain(..whole).collect();
        for message in messages.chunks_exact(MESSAGE_BYTES).filter_map(Message::decode) {
            self.take(message);
        }
    }

    /// Takes one message.
    pub(super) fn take(&mut self, message: Message) {
        match message {
            Message::Lease(start, until) => self.wards.entry(start).or_default().until = until,
            Message::Runs(start, pid) => {
                let ward = self.wards.entry(start).or_default();
                ward.pid = Some(pid);
                if let Some((at, _)) = &mut ward.fenced {
                    // It was looked for before it was there.
                    *at = Duration::ZERO;
                }
            }
            Message::Gone(start) => drop(self.wards.remove(&start)),
        }
    }

    /// All that a guardian has to be told who knows nothing.
    pub(super) fn messages(&self) -> impl Iterator<Item = Message> {
        self.wards.iter().flat_map(|(start, ward)| {
            let runs = ward.pid.map(|pid| Message::Runs(*start, pid));
            std::iter::once(Message::Lease(*start, ward.until)).chain(runs)
        })
    }

    /// When there is something to be killed.
    pub(super) fn due(&self) -> Option<Uptime> {
        self.wards.values().filter_map(|ward| ward.fenced.map(|(at, _)| at).or(ward.until)).min()
    }

    /// Which processes are to be killed now, and whether for the first time.
    pub(super) fn overdue(&self, now: Uptime) -> Vec<(u64, Option<Pid>, bool)> {
        let is_due = |ward: &Ward| ward.fenced.map(|(at, _)| at).or(ward.until).is_some_and(|at| at <= now);
        let due = self.wards.iter().filter(|(_, ward)| is_due(ward));
        due.map(|(start, ward)| (*start, ward.pid, ward.fenced.is_none())).collect()
    }

    /// One of them was killed, with so many processes found that were its own. Where there were some it is looked again, as
    /// they may have started others meanwhile, and where its pid is not known, as it may be about to become the program.
    pub(super) fn killed(&mut self, start: u64, found: usize, now: Uptime) {
        let Some(ward) = self.wards.get_mut(&start) else { return };
        let pause = ward.fenced.map_or(FENCE_PAUSE_MIN, |(_, pause)| (pause * 2).min(FENCE_PAUSE_MAX));
        let at = if found > 0 || ward.pid.is_none() { now + pause } else { Duration::MAX };
        ward.fenced = Some((at, pause));
    }

    /// The sessions that are left.
    pub(super) fn sessions(&self) -> impl Iterator<Item = Pid> {
        self.wards.values().filter_map(|ward| ward.pid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Uptime {
        Duration::from_secs(seconds)
    }

    fn pid(number: i32) -> Pid {
        Pid::from_raw(number).unwrap()
    }

    #[test]
    fn messages_come_in_any_pieces() {
        let messages = [
            Message::Lease(1, Some(at(10))),
            Message::Runs(1, pid(100)),
            Message::Lease(u64::MAX, None),
            Message::Gone(2),
            Message::Runs(u64::MAX, pid(i32::MAX)),
        ];
        let mut bytes = Vec::new();
        messages.iter().for_each(|message| message.encode(&mut bytes));
        for size in [1, 2, 20, 21, 22, bytes.len()] {
            let mut wards = Wards::default();
            bytes.chunks(size).for_each(|piece| wards.receive(piece));
            let wanted = [messages[0], messages[1], messages[2], messages[4]];
            assert_eq!(wards.messages().collect::<Vec<_>>(), wanted, "pieces of {size}");
        }
        let mut wards = Wards::default();
        wards.receive(&[b'?'; 3 * MESSAGE_BYTES]);
        assert_eq!(wards.messages().count(), 0);
    }

    #[test]
    fn what_is_not_renewed_is_killed_and_the_others_are_not() {
        let mut wards = Wards::default();
        for (start, until) in [(1, Some(at(10))), (2, None), (3, Some(at(10)))] {
            wards.take(Message::Lease(start, until));
            wards.take(Message::Runs(start, pid(100 + i32::try_from(start).unwrap())));
        }
        assert_eq!(wards.due(), Some(at(10)));
        wards.take(Message::Lease(3, Some(at(13))));
        assert!(wards.overdue(at(10) - Duration::from_nanos(1)).is_empty());
        assert_eq!(wards.overdue(at(10)), [(1, Some(pid(101)), true)]);
        wards.killed(1, 1, at(10));
        // It is looked again, less and less often, until nothing is found.
        assert_eq!(wards.due(), Some(at(10) + FENCE_PAUSE_MIN));
        let again = at(10) + FENCE_PAUSE_MIN;
        assert_eq!(wards.overdue(again), [(1, Some(pid(101)), false)]);
        wards.killed(1, 1, again);
        assert_eq!(wards.due(), Some(again + FENCE_PAUSE_MIN * 2));
        wards.killed(1, 0, at(11));
        assert_eq!(wards.due(), Some(at(13)));
        // One that is dead gets no more time, and one that is not has a right to it.
        wards.take(Message::Lease(1, Some(at(20))));
        wards.take(Message::Lease(3, None));
        assert!(wards.overdue(at(100)).is_empty());
        wards.take(Message::Gone(1));
        assert_eq!(wards.sessions().collect::<Vec<_>>(), [pid(102), pid(103)]);
    }

    #[test]
    fn what_is_started_too_late_is_killed_then() {
        let mut wards = Wards::default();
        wards.take(Message::Lease(1, Some(at(10))));
        assert_eq!(wards.overdue(at(12)), [(1, None, true)]);
        wards.killed(1, 0, at(12));
        // It may be there already, though whoever would tell of it is stopped.
        let again = at(12) + FENCE_PAUSE_MIN;
        assert_eq!(wards.due(), Some(again));
        assert_eq!(wards.overdue(again), [(1, None, false)]);
        wards.killed(1, 1, again);
        wards.killed(1, 0, at(13));
        assert!(wards.due().is_some_and(|due| due > at(13)));
        wards.take(Message::Runs(1, pid(101)));
        assert_eq!(wards.overdue(at(13)), [(1, Some(pid(101)), false)]);
        wards.killed(1, 0, at(14));
        assert_eq!(wards.due(), Some(Duration::MAX));
        assert!(wards.overdue(at(100)).is_empty());
    }
}

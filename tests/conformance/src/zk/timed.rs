//! The sequences in which time passes: sessions that expire, nodes that go by themselves. They mostly wait, so they run
//! beside the other checks.
//!
//! A machine that is busy can keep a client silent for so long that its session expires on one server only, and has the
//! real server delete a node twice. So only a difference that shows each time is one.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::differential::Contest;
use super::lockstep::Pair;
use super::operation::Operation;
use super::request::{Field, Request};
use super::requests;
use super::sequence::{Action, Connect, Sequence, Step, Wanted};
use super::server::Pace;

/// Time-outs between 1 and 10 seconds. The real server deletes again what is not gone when it looks the next time, and
/// counts that as a transaction.
const PACE: Pace = Pace { tick_ms: 500, container_check_ms: 1000 };
/// trellis removes a container a minute after its last child has gone. The real server looks for empty ones every so
/// often, so it gets about as long.
const CONTAINER_PACE: Pace = Pace { tick_ms: 2000, container_check_ms: 55_000 };
/// One connection's session or node goes some time before the other's, also on a slow machine.
const SOON_MS: i32 = 2000;
const LATER_MS: i32 = 6000;
const LONGEST_MS: i32 = 10_000;
/// How often a difference must show.
const TRIES: u32 = 5;
const MODE_EPHEMERAL: i32 = 1;
const MODE_CONTAINER: i32 = 4;
const MODE_TTL: i32 = 5;
/// The connection that looks on.
const WATCHER: usize = 2;

/// A script with its name and the pace of the servers that it needs.
pub(super) struct Script {
    pub(super) name: String,
    pace: Pace,
    steps: Vec<Step>,
}

/// What came of a script.
pub(super) struct Outcome {
    pub(super) name: String,
    pub(super) result: Result<String>,
    pub(super) took: Duration,
}

/// Runs scripts of one pace, one after the other.
pub(super) fn run(contest: &Contest, scripts: Vec<Script>) -> Vec<Outcome> {
    let mut pair = None;
    let mut outcomes = Vec::new();
    for Script { name, pace, steps } in scripts {
        let began = Instant::now();
        let result = run_until_same(contest, pace, &Sequence { steps }, &mut pair);
        outcomes.push(Outcome { name, result, took: began.elapsed() });
    }
    outcomes
}

fn run_until_same(
    contest: &Contest,
    pace: Pace,
    sequence: &Sequence,
    pair: &mut Option<Pair>,
) -> Result<String> {
    let mut attempt = 1;
    loop {
        let mut ready = match pair.take() {
            Some(ready) => ready,
            None => contest.start(pace)?,
        };
        let transcript = ready.run(sequence)?;
        if !transcript.is_different() && !transcript.is_silent() {
            *pair = Some(ready);
            return Ok(format!("{} answers and events, in try {attempt}", transcript.events()));
        }
        if attempt == TRIES {
            let what = if transcript.is_different() { "the servers differ" } else { "neither did its part" };
            bail!("{what}, {TRIES} times out of {TRIES}; the last time\n{transcript}");
        }
        attempt += 1;
    }
}

/// The scripts that wait for seconds.
pub(super) fn scripts() -> Vec<Script> {
    [
        ("Time-outs are kept within bounds", bounds()),
        ("A session whose client has gone expires", expiry()),
        ("A session whose client lives does not expire", heartbeats()),
        ("A session that is gone on with has its whole time again", again()),
        ("A node with a time to live goes after it", time_to_live()),
        ("A node with a time to live stays while it has children", parent_with_time_to_live()),
    ]
    .map(|(name, steps)| Script { name: full_name(name), pace: PACE, steps })
    .into()
}

/// The script that waits for a minute.
pub(super) fn long_scripts() -> Vec<Script> {
    let name = full_name("A container goes after its last child");
    vec![Script { name, pace: CONTAINER_PACE, steps: container() }]
}

fn full_name(name: &str) -> String {
    format!("zookeeper, timed: {name}")
}

fn bounds() -> Vec<Step> {
    [i32::MIN, -1, 0, 1, 999, 1000, 1001, 9999, 10_000, 10_001, i32::MAX]
        .into_iter()
        .flat_map(|timeout_ms| {
            [connects(0, Wanted::New, timeout_ms), sends(0, Operation::CloseSession, vec![])]
        })
        .collect()
}

fn expiry() -> Vec<Step> {
    vec![
        looks_on(),
        connects(0, Wanted::New, SOON_MS),
        creates(0, "~/a", MODE_EPHEMERAL),
        creates(0, "~/b", 0),
        disconnects(0),
        awaits("NodeDeleted ~/a"),
        asks(Operation::GetChildren2, "~"),
        connects(0, Wanted::Of(0), LONGEST_MS),
    ]
}

fn heartbeats() -> Vec<Step> {
    vec![
        looks_on(),
        connects(0, Wanted::New, SOON_MS),
        connects(1, Wanted::New, LATER_MS),
        creates(0, "~/stays", MODE_EPHEMERAL),
        creates(1, "~/goes", MODE_EPHEMERAL),
        disconnects(1),
        awaits("NodeDeleted ~/goes"),
        asks(Operation::GetChildren2, "~"),
    ]
}

fn again() -> Vec<Step> {
    vec![
        looks_on(),
        connects(0, Wanted::New, SOON_MS),
        connects(1, Wanted::New, SOON_MS),
        creates(0, "~/stays", MODE_EPHEMERAL),
        creates(1, "~/goes", MODE_EPHEMERAL),
        disconnects(0),
        connects(0, Wanted::Of(0), LATER_MS),
        disconnects(0),
        disconnects(1),
        awaits("NodeDeleted ~/goes"),
        asks(Operation::GetChildren2, "~"),
        awaits("NodeDeleted ~/stays"),
    ]
}

/// Containers with and without their mode. By itself, the operation makes a container, and in a multi its flags do.
fn container() -> Vec<Step> {
    use Operation::{Create, CreateContainer, Multi};
    let ways = [
        (CreateContainer, MODE_CONTAINER, "~/container"),
        (CreateContainer, 0, "~/container-without-the-mode"),
        (Create, MODE_CONTAINER, "~/node-with-the-mode"),
    ];
    let create = |(operation, mode, path): &(Operation, i32, &str), prefix: &str| {
        requests::create_as(*operation, &path.replace("~/", prefix), Some(b"x"), requests::OPEN, *mode)
    };
    let in_multi = ways.iter().map(|way| create(way, "~/multi-")).collect();
    let mut steps = vec![looks_on(), creates(0, "~/unused", MODE_CONTAINER)];
    steps.extend(ways.iter().map(|way| step(0, create(way, "~/"))));
    steps.push(step(0, Request::multi(Multi, in_multi)));
    for prefix in ["~/", "~/multi-"] {
        for (.., path) in &ways {
            let child = format!("{}/child", path.replace("~/", prefix));
            steps.push(creates(0, &child, 0));
            steps.push(step(0, requests::with_number(Operation::Delete, &child, -1)));
        }
    }
    let gone =
        ["~/container", "~/container-without-the-mode", "~/multi-container", "~/multi-node-with-the-mode"];
    let gone = gone.map(|path| format!("NodeDeleted {path}")).to_vec();
    steps.push(Step { connection: WATCHER, action: Action::Await(gone) });
    steps.push(asks(Operation::GetChildren2, "~"));
    steps
}

fn time_to_live() -> Vec<Step> {
    vec![
        looks_on(),
        creates_for(0, "~/soon", SOON_MS),
        creates_for(0, "~/later", LATER_MS),
        awaits("NodeDeleted ~/soon"),
        asks(Operation::GetChildren2, "~"),
        awaits("NodeDeleted ~/later"),
        asks(Operation::GetChildren2, "~"),
    ]
}

fn parent_with_time_to_live() -> Vec<Step> {
    vec![
        looks_on(),
        creates_for(0, "~/parent", SOON_MS),
        creates(0, "~/parent/child", 0),
        creates_for(0, "~/clock", LATER_MS),
        awaits("NodeDeleted ~/clock"),
        asks(Operation::GetChildren2, "~"),
        // Its time begins anew, or it might go at once.
        step(0, requests::set_data("~/parent", Some(b"y"), -1)),
        step(0, requests::with_number(Operation::Delete, "~/parent/child", -1)),
        awaits("NodeDeleted ~/parent"),
        asks(Operation::GetChildren2, "~"),
    ]
}

fn step(connection: usize, request: Request) -> Step {
    Step { connection, action: Action::Send { requests: vec![request], cuts: Vec::new() } }
}

fn sends(connection: usize, operation: Operation, fields: Vec<Field>) -> Step {
    step(connection, Request::new(operation, fields))
}

fn connects(connection: usize, session: Wanted, timeout_ms: i32) -> Step {
    Step { connection, action: Action::Connect(Connect { timeout_ms, ..Connect::to(session) }) }
}

fn disconnects(connection: usize) -> Step {
    Step { connection, action: Action::Disconnect }
}

fn creates(connection: usize, path: &str, mode: i32) -> Step {
    let operation = if mode == MODE_CONTAINER { Operation::CreateContainer } else { Operation::Create };
    step(connection, requests::create_as(operation, path, Some(b"x"), requests::OPEN, mode))
}

fn creates_for(connection: usize, path: &str, ttl_ms: i32) -> Step {
    let mut create = requests::create_as(Operation::CreateTtl, path, Some(b"x"), requests::OPEN, MODE_TTL);
    create.fields.push(Field::Long(ttl_ms.into()));
    step(connection, create)
}

/// Everything that happens is told to one client.
fn looks_on() -> Step {
    step(WATCHER, requests::with_number(Operation::AddWatch, "~", 1))
}

fn asks(operation: Operation, path: &str) -> Step {
    step(WATCHER, requests::read(operation, path, false))
}

fn awaits(event: &str) -> Step {
    Step { connection: WATCHER, action: Action::Await(vec![event.into()]) }
}

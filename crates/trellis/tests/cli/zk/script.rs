//! The scripts in `testdata/zk`: each case is a command line, what client and server say, and what is printed.
//!
//! ```text
//! $ trellis zk get /a                       the command; double quotes keep spaces together
//! in  get /a                                a line of standard input
//! > GetData { path: "/a", watch: false }    a request that the client must send
//! < {"data":"hello","stat":{}}              the server's answer, as `words.rs` has it
//! ! {"event":"NodeDeleted","path":"/a"}     an event
//! hang up                                   the server closes the connection; the client must come again
//! expire                                    the same, but the client is told that its session is over
//! ping                                      the client must send a ping
//! again                                     the client closes its session and begins another one
//! out hello                                 a line on standard output; `out~` has no line end
//! err error: ...                            a line on standard error
//! left                                      the client went without closing its session
//! exit 0                                    the exit code, the end of the case
//! ```
//!
//! The server's address is shown as `SERVER`. Other lines are comments. `UPDATE=1` rewrites what is printed. With
//! `ZK_SERVER=host:port` the cases are run against that server, which must be empty, and are compared with it but for
//! times and numbers of transactions; with `UPDATE=1`, too, what it says is written down.

use std::io::Write;
use std::process::Stdio;

use super::fake::{Fake, Step};
use super::recorder::Recorder;
use crate::script::{lines, split};
use crate::{check_golden, testdata, trellis};

/// The real server that the tests are to be run against, if any.
pub(super) fn real_server() -> Option<String> {
    std::env::var("ZK_SERVER").ok()
}

/// Runs all cases of a script.
pub(super) fn check_script(name: &str) {
    match real_server() {
        Some(server) if std::env::var_os("UPDATE").is_none() => check_script_against(name, &server),
        server => check_golden(name, &outcome(name, &read(name), server.as_deref())),
    }
}

/// Runs all cases of a script against a real server, and compares all but times and numbers of transactions.
pub(super) fn check_script_against(name: &str, server: &str) {
    let text = read(name);
    let (expected, found) = (without_chance(&text), without_chance(&outcome(name, &text, Some(server))));
    let same = expected.lines().zip(found.lines()).take_while(|(expected, found)| expected == found).count();
    let rest = found.lines().skip(same).collect::<Vec<_>>().join("\n");
    assert!(expected == found, "{name} differs on the real server after {same} lines; found:\n{rest}");
}

fn read(name: &str) -> String {
    std::fs::read_to_string(testdata(name)).expect("the script can be read")
}

/// The script with what its cases have come to, on this server or on a fake one.
fn outcome(name: &str, text: &str, server: Option<&str>) -> String {
    let mut found = String::new();
    let mut case = Case::default();
    for line in text.lines() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "out" | "out~" | "err" | "left" => continue,
            "exit" => {
                let case = std::mem::take(&mut case);
                found.push_str(&match server {
                    Some(server) => case.run_against(server),
                    None => case.run(name),
                });
                continue;
            }
            "$" => case.args = split(line.trim_start_matches("$ trellis ")),
            "in" => case.input.push_str(&format!("{}\n", line.get(4..).unwrap_or_default())),
            ">" => case.step(line, Step::Expect(rest.to_owned())),
            "<" => case.step(line, Step::Answer(rest.to_owned())),
            "!" => case.step(line, Step::Event(rest.to_owned())),
            "hang" => case.step(line, Step::HangUp),
            "expire" => case.step(line, Step::Expire),
            "ping" => case.step(line, Step::Ping),
            "again" => case.step(line, Step::Again),
            _ => {}
        }
        if !matches!(word, ">" | "<" | "!" | "ping" | "hang" | "expire" | "again") {
            found.push_str(line);
            found.push('\n');
        }
    }
    assert!(case.args.is_empty(), "{name}: the last case does not end with an exit line");
    found
}

#[derive(Default)]
struct Case {
    args: Vec<String>,
    input: String,
    steps: Vec<Step>,
    said: Vec<String>,
}

impl Case {
    fn step(&mut self, line: &str, step: Step) {
        self.said.push(line.to_owned());
        self.steps.push(step);
    }

    /// What is said and printed, and the exit code, as lines of the script.
    fn run(mut self, name: &str) -> String {
        let fake = Fake::start(std::mem::take(&mut self.steps));
        let server = fake.address.to_string();
        let output = self.run_command(&server);
        match fake.finish() {
            Ok(closed) => report(&self.said, &output, closed, &server),
            Err(problem) => panic!(
                "{name}: {:?} {:?}: {problem}\nstdout {:?}\nstderr {:?}",
                self.args,
                self.input,
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            ),
        }
    }

    fn run_against(self, server: &str) -> String {
        let recorder = Recorder::start(server);
        let server = recorder.address.to_string();
        let output = self.run_command(&server);
        let (said, closed) = recorder.finish();
        // A client that never came left no session.
        let closed = closed || said.is_empty();
        report(&said, &output, closed, &server)
    }

    fn run_command(&self, server: &str) -> std::process::Output {
        let mut child = trellis()
            .env("TRELLIS_ZK_SERVER", server)
            .env("TZ", "UTC")
            .args(self.args.iter().map(|arg| arg.replace("SERVER", server)))
            .stdin(Stdio::piped())
            .spawn()
            .expect("trellis starts");
        // A command that does not read its input may have ended already.
        let _ =
            child.stdin.take().expect("a pipe").write_all(self.input.replace("SERVER", server).as_bytes());
        child.wait_with_output().expect("trellis runs")
    }
}

fn report(said: &[String], output: &std::process::Output, closed: bool, server: &str) -> String {
    let mut found: String = said.iter().map(|line| format!("{line}\n")).collect();
    found.push_str(&lines("out", &output.stdout));
    found.push_str(&lines("err", &output.stderr));
    if !closed {
        found.push_str("left\n");
    }
    found.push_str(&format!("exit {}\n", output.status.code().expect("no signal")));
    found.replace(server, "SERVER")
}

/// The lines about what is printed, without what differs from run to run.
fn without_chance(text: &str) -> String {
    let printed = text.lines().filter(|line| !line.starts_with(['>', '<', '!']));
    let mut kept = String::new();
    for line in printed {
        let line = match line.split_once("time = ") {
            Some((before, _)) => format!("{before}time = ..."),
            None => without_numbers(line, "0x"),
        };
        let line = ["zxid\":", "time\":"].iter().fold(line, |line, before| without_numbers(&line, before));
        kept.push_str(&line);
        kept.push('\n');
    }
    kept
}

/// The line with the numbers taken out that stand behind `before`.
fn without_numbers(line: &str, before: &str) -> String {
    let mut parts = line.split(before);
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str(before);
        kept.push_str(part.trim_start_matches(|c: char| c.is_ascii_hexdigit()));
    }
    kept
}

//! The scripts in `testdata/tube`: each case is a command line, what server and client say, and what is printed.
//!
//! ```text
//! $ trellis tube put --tube mail -      the command; double quotes keep spaces together
//! in  hello                             a line of standard input, its line end included
//! >   use mail                          a line that the client must send
//! <   USING mail                        a line that the server answers
//! <|  ready: 1                          a line of the body of an OK reply, which is built around it;
//!                                       `---` begins the next one
//! out 7                                 a line on standard output; `out~` has no line end
//! err error: ...                        a line on standard error
//! exit 0                                the exit code, the end of the case
//! ```
//!
//! Bytes that are no text are written `\xff`. The server's address is shown as `SERVER`. Other lines are
//! comments. `UPDATE=1` rewrites what stands after the server's last line.

use std::io::Write;
use std::process::Stdio;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::fake::{Fake, Step};
use crate::{check_golden, testdata, trellis};

/// A command that takes longer, as a server would, is killed.
const DEADLINE: Duration = Duration::from_secs(60);

/// Runs all cases of a script.
pub(crate) fn check_script(name: &str) {
    let text = std::fs::read_to_string(testdata(name)).expect("the script can be read");
    let mut found = String::new();
    let mut case = Case::default();
    for line in text.lines() {
        let word = line.split(' ').next().unwrap_or_default();
        let rest = line.get(4..).unwrap_or_default();
        match word {
            "out" | "out~" | "err" => continue,
            "exit" => {
                found.push_str(&std::mem::take(&mut case).run(name));
                continue;
            }
            "$" => case.args = split(line.trim_start_matches("$ trellis ")),
            "in" => case.input.extend(bytes(rest, "\n")),
            ">" => case.step(Step::Expect(bytes(rest, "\r\n"))),
            "<" => case.step(Step::Send(bytes(rest, "\r\n"))),
            "<|" => {
                if rest == "---" {
                    case.end_body();
                }
                case.body.extend(bytes(rest, "\n"));
            }
            _ => {}
        }
        found.push_str(line);
        found.push('\n');
    }
    assert!(case.args.is_empty(), "{name}: the last case does not end with an exit line");
    check_golden(name, &found);
}

#[derive(Default)]
struct Case {
    args: Vec<String>,
    input: Vec<u8>,
    steps: Vec<Step>,
    body: Vec<u8>,
}

impl Case {
    fn step(&mut self, step: Step) {
        self.end_body();
        self.steps.push(step);
    }

    fn end_body(&mut self) {
        if !self.body.is_empty() {
            let mut reply = format!("OK {}\r\n", self.body.len()).into_bytes();
            reply.append(&mut self.body);
            reply.extend_from_slice(b"\r\n");
            self.steps.push(Step::Send(reply));
        }
    }

    /// What is printed, and the exit code, as lines of the script.
    fn run(mut self, name: &str) -> String {
        self.end_body();
        let fake = Fake::start(self.steps);
        let server = fake.address.to_string();
        let directory = tempfile::tempdir().expect("a directory to work in");
        let mut child = trellis()
            .current_dir(directory.path())
            .env("TRELLIS_TUBE_SERVER", &server)
            .args(&self.args)
            .stdin(Stdio::piped())
            .spawn()
            .expect("trellis starts");
        // A command that does not read its input may have ended already.
        let _ = child.stdin.take().expect("a pipe").write_all(&self.input);
        let process = Pid::from_child(&child);
        let (ended, watch) = channel::<()>();
        let watchdog = thread::spawn(move || {
            if watch.recv_timeout(DEADLINE) == Err(RecvTimeoutError::Timeout) {
                kill_process(process, Signal::KILL).expect("the command still runs");
            }
        });
        let output = child.wait_with_output().expect("trellis runs");
        drop(ended);
        watchdog.join().expect("the command has ended in time or is killed");
        let outcome = fake.finish();
        assert!(
            outcome.is_ok(),
            "{name}: {:?}: {outcome:?}\nstdout {:?}\nstderr {:?}",
            self.args,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        let mut found = lines("out", &output.stdout);
        found.push_str(&lines("err", &output.stderr));
        found.push_str(&format!(
            "exit {}\n",
            output.status.code().expect("it ends by itself within the deadline")
        ));
        found.replace(&server, "SERVER")
    }
}

/// What was printed, line by line, each after this word.
pub(crate) fn lines(word: &str, bytes: &[u8]) -> String {
    let mut lines = String::new();
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = match str::from_utf8(text) {
            Ok(text) => text.to_owned(),
            Err(_) => text.escape_ascii().to_string(),
        };
        let word = if line.ends_with(b"\n") { word.to_owned() } else { format!("{word}~") };
        lines.push_str(format!("{word:3} {text}").trim_end());
        lines.push('\n');
    }
    lines
}

/// Text with `\xff` in it as bytes, and the line end.
pub(crate) fn bytes(text: &str, end: &str) -> Vec<u8> {
    let mut parts = text.split("\\x");
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).expect("two hexadecimal digits"));
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    bytes.extend_from_slice(end.as_bytes());
    bytes
}

/// Splits at spaces that are not between double quotes.
pub(crate) fn split(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            _ => words.last_mut().expect("at least one").push(character),
        }
    }
    words
}

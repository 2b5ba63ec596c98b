//! The shell at a terminal: what the user sees of editing, completion, history and events.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use nix::pty::openpty;

use super::fake::{Fake, Step};
use crate::trellis;

/// How long is waited for what must be shown. Only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// A terminal with the shell in it.
struct Terminal {
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    shown: String,
    child: Child,
}

impl Terminal {
    fn start(server: &str, state: &Path) -> Terminal {
        let pty = openpty(None, None).expect("a terminal");
        let stdio = || Stdio::from(pty.slave.try_clone().expect("a handle"));
        let child = trellis()
            .args(["zk", "--server", server])
            .env("TERM", "xterm")
            .env("XDG_STATE_HOME", state)
            .stdin(stdio())
            .stdout(stdio())
            .stderr(stdio())
            .spawn()
            .expect("trellis starts");
        let keyboard = File::from(pty.master);
        let mut output = keyboard.try_clone().expect("a handle");
        let (sender, screen) = channel();
        std::thread::spawn(move || {
            let mut chunk = [0; 1024];
            while let Ok(bytes @ 1..) = output.read(&mut chunk) {
                if sender.send(chunk[..bytes].to_vec()).is_err() {
                    break;
                }
            }
        });
        Terminal { keyboard, screen, shown: String::new(), child }
    }

    /// Presses keys. Only once the prompt is shown, they are the editor's; before, the terminal keeps them, and what it
    /// makes of Ctrl-D is not passed on.
    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    /// Waits until this is shown, and forgets it and what came before.
    fn sees(&mut self, text: &str) {
        self.sees_all(&[text]);
    }

    /// Waits until all of these are shown, in any order, and forgets them and what came before.
    fn sees_all(&mut self, texts: &[&str]) {
        loop {
            let ends: Option<Vec<usize>> =
                texts.iter().map(|text| self.shown.find(text).map(|at| at + text.len())).collect();
            if let Some(ends) = ends {
                self.shown.drain(..ends.into_iter().max().unwrap_or(0));
                return;
            }
            let Ok(bytes) = self.screen.recv_timeout(PATIENCE) else {
                panic!("{texts:?} is not shown, but {:?}", self.shown);
            };
            self.shown.push_str(&String::from_utf8_lossy(&bytes));
        }
    }

    /// Waits for the shell's end, at which the screen goes dark, and gives the exit code.
    fn ends(mut self) -> i32 {
        loop {
            match self.screen.recv_timeout(PATIENCE) {
                Ok(bytes) => self.shown.push_str(&String::from_utf8_lossy(&bytes)),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    self.child.kill().expect("the shell is there");
                    panic!("the shell does not end, but shows {:?}", self.shown);
                }
            }
        }
        self.child.wait().expect("trellis runs").code().expect("no signal")
    }
}

fn list(path: &str, answer: &str) -> [Step; 2] {
    [
        Step::Expect(format!("GetChildren2 {{ path: {path:?}, watch: false }}")),
        Step::Answer(answer.to_owned()),
    ]
}

fn get(watch: bool) -> [Step; 2] {
    [
        Step::Expect(format!("GetData {{ path: \"/mail\", watch: {watch} }}")),
        Step::Answer("{\"data\":\"hello\",\"stat\":{}}".to_owned()),
    ]
}

#[test]
fn the_shell_edits_completes_and_remembers() {
    let state = tempfile::tempdir().expect("a directory");
    let mut script = Vec::from(list("/", "{\"children\":[\"mail\",\"zookeeper\"],\"stat\":{}}"));
    script.extend(get(true));
    script.push(Step::Event("{\"event\":\"NodeDataChanged\",\"path\":\"/mail\"}".to_owned()));
    let fake = Fake::start(script);
    let server = fake.address.to_string();
    let mut terminal = Terminal::start(&server, state.path());
    terminal.sees(&format!("Connecting to {server}"));
    terminal.sees(&format!("[zk: {server}(CONNECTED) 0] "));
    terminal.press("ge\t\x03");
    terminal.sees("(CONNECTED) 0] ");
    terminal.press("prin\t");
    terminal.sees("printwatches ");
    terminal.press("\r");
    terminal.sees("printwatches is on");
    terminal.sees("(CONNECTED) 1] ");
    terminal.press("addauth\r");
    terminal.sees("addauth scheme auth");
    terminal.sees("(CONNECTED) 2] ");
    terminal.press("get -w /m\t");
    terminal.sees("/mail");
    terminal.press("\r");
    let event = "WatchedEvent state:SyncConnected type:NodeDataChanged path:/mail";
    terminal.sees_all(&["hello", event, "(CONNECTED) 3] "]);
    terminal.press("\x04");
    assert_eq!(terminal.ends(), 0);
    assert_eq!(fake.finish(), Ok(true));

    // The next time the last line is there, but not the one that might have had a password in it.
    let fake = Fake::start(Vec::from(get(true)));
    let mut terminal = Terminal::start(&fake.address.to_string(), state.path());
    terminal.sees("(CONNECTED) 0] ");
    terminal.press("\x1b[A\x1b[A");
    terminal.sees("printwatches");
    terminal.press("\x1b[B\r");
    terminal.sees("hello");
    terminal.sees("(CONNECTED) 1] ");
    terminal.press("quit\r");
    assert_eq!(terminal.ends(), 0);
    assert_eq!(fake.finish(), Ok(true));
}

#[test]
fn the_prompt_and_events_tell_of_the_connection() {
    let state = tempfile::tempdir().expect("a directory");
    let mut script = vec![
        Step::Expect("Sync { path: \"/\" }".to_owned()),
        Step::HangUp,
        Step::Expect("Sync { path: \"/\" }".to_owned()),
        Step::Answer("{\"path\":\"/\"}".to_owned()),
        Step::Again,
    ];
    script.extend(get(false));
    let fake = Fake::start(script);
    let mut terminal = Terminal::start(&fake.address.to_string(), state.path());
    terminal.sees("(CONNECTED) 0] ");
    terminal.press("sync /\r");
    let event = "WatchedEvent state:SyncConnected type:None path:null";
    terminal.sees_all(&["was lost before it answered", event, ") 1] "]);
    terminal.press("sync /\r");
    terminal.sees("Sync is OK");
    terminal.sees("(CONNECTED) 2] ");
    terminal.press("close\r");
    terminal.sees("(CLOSED) 3] ");
    terminal.press("get /mail\r");
    terminal.sees("Not connected");
    terminal.sees("(CLOSED) 4] ");
    terminal.press("connect\r");
    terminal.sees("(CONNECTED) 5] ");
    terminal.press("get /mail\r");
    terminal.sees("hello");
    terminal.sees("(CONNECTED) 6] ");
    terminal.press("\x04");
    assert_eq!(terminal.ends(), 0);
    assert_eq!(fake.finish(), Ok(true));
}

#[test]
fn ctrl_c_ends_a_command_and_not_the_shell() {
    let state = tempfile::tempdir().expect("a directory");
    let fake = Fake::start(vec![
        Step::Expect("Sync { path: \"/\" }".to_owned()),
        Step::Event("{\"event\":\"NodeDeleted\",\"path\":\"/a\"}".to_owned()),
    ]);
    let mut terminal = Terminal::start(&fake.address.to_string(), state.path());
    terminal.sees("(CONNECTED) 0] ");
    terminal.press("sync /\r");
    // By now the server has the request, which it will never answer.
    terminal.sees("type:NodeDeleted path:/a");
    rustix::process::kill_process(
        rustix::process::Pid::from_child(&terminal.child),
        rustix::process::Signal::INT,
    )
    .expect("the shell is there");
    terminal.sees("interrupted");
    terminal.sees("(CONNECTED) 1] ");
    terminal.press("\x04");
    assert_eq!(terminal.ends(), 5);
    assert_eq!(fake.finish(), Ok(true));
}

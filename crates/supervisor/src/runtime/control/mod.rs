//! What is said on the control socket: requests and replies, each one JSON object a line. Nothing here does what is asked.

mod client;
pub(super) mod server;

use serde::{Deserialize, Serialize};

pub use client::{Client, ControlError};

/// The version of the protocol; both sides have to speak the same.
pub const VERSION: u32 = 1;

/// What somebody asks of a supervisor. Names are those of programs, as in `mail`, or of single processes, as in `mail.0`;
/// no names are all programs.
///
/// ```
/// use trellis_supervisor::runtime::control::Request;
///
/// let request = Request::Stop { names: vec!["mail".to_owned()] };
/// assert_eq!(serde_json::to_string(&request)?, r#"{"do":"stop","names":["mail"]}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
pub enum Request {
    /// How is everything?
    Status {
        /// What is asked about.
        names: Vec<String>,
    },
    /// Start what does not run; the reply comes when it is ready.
    Start {
        /// What to start.
        names: Vec<String>,
    },
    /// Stop until somebody starts it; the reply comes when it has ended.
    Stop {
        /// What to stop.
        names: Vec<String>,
    },
    /// Start anew, a program's processes one after the other; the reply comes when all are ready.
    Restart {
        /// What to start anew.
        names: Vec<String>,
    },
    /// Stop everything, and the supervisor itself; the connection ends when it has.
    End,
    /// Read the file again and apply it.
    Reload,
    /// Send a signal to processes, but not to what these have started.
    Signal {
        /// The signal's name, as in `USR1`, or its number.
        signal: String,
        /// Which processes.
        names: Vec<String>,
    },
    /// Show the newest output of programs.
    Logs {
        /// The programs.
        names: Vec<String>,
        /// How many lines of each, at most.
        lines: usize,
        /// Go on with what comes.
        follow: bool,
    },
}

/// A request as it is sent.
#[derive(Debug, Serialize, Deserialize)]
struct Envelope<T> {
    version: u32,
    #[serde(flatten)]
    content: T,
}

/// What a supervisor says to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "lowercase")]
pub enum Reply {
    /// The request has come, and there will be a reply to it. It is said at once, however long that takes.
    Heard,
    /// It is done.
    Done {
        /// What there is to say about it; may be empty.
        text: String,
    },
    /// How everything is.
    Status(Status),
    /// Some output of a program, whole lines; more may follow.
    Output {
        /// The lines.
        text: String,
    },
    /// There is nothing of that name.
    Unknown {
        /// In words.
        message: String,
    },
    /// It could not be done.
    Failed {
        /// In words.
        message: String,
    },
}

/// How a supervisor and its processes are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The supervisor's own process.
    pub pid: i32,
    /// How long it has been running.
    pub up_seconds: u64,
    /// The file that it runs.
    pub config: String,
    /// Whether its guardian is gone, so that what programs leave behind may outlive it if it is killed.
    #[serde(default)]
    pub unguarded: bool,
    /// All processes; a program that has none has one row.
    pub processes: Vec<ProcessStatus>,
}

/// How a process is, or a program without processes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessStatus {
    /// The program.
    pub program: String,
    /// The number of the process; none for a program without processes.
    pub index: Option<u32>,
    /// In one word, such as `running`, `starting`, `waiting`, `stopped`, `failed`.
    pub state: String,
    /// Its process.
    pub pid: Option<i32>,
    /// How long it has been running, or will wait.
    pub seconds: Option<u64>,
    /// How often it was started.
    pub starts: u64,
    /// How it ended the last time.
    pub last_end: Option<String>,
    /// What it says about itself, or what there is to say about it.
    pub text: Option<String>,
}

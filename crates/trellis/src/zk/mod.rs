//! `trellis zk`: a client of any ZooKeeper server with zkCli's commands, on the command line or as a shell. One file a
//! command or a few that belong together, and what they share.

mod acl;
mod argument;
mod command;
mod config;
mod context;
mod create;
mod delete;
mod events;
mod failure;
mod flags;
mod follow;
mod get;
mod ls;
mod nodes;
mod quota;
mod session;
mod set;
mod shell;
mod stat;
mod tree;
mod walk;
mod watches;

use std::time::Duration;

use clap::Args;
use trellis_zk_client::{Identity, Servers, Settings};

use self::command::Command;
use self::context::Context;
pub(crate) use self::flags::in_our_words;
use self::nodes::Nodes;
pub(crate) use self::shell::is_for_shell;
use crate::exit::{EXIT_CODES, Failure};
use crate::interrupt::Interrupt;
use crate::limits::{REPLY_TIMEOUT_DEFAULT, ZK_SESSION_TIMEOUT_MS_DEFAULT};
use crate::output::Output;

/// Arguments of `trellis zk`.
#[derive(Args)]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct ZkArgs {
    #[command(flatten)]
    common: CommonArgs,

    #[command(subcommand)]
    command: Option<Command>,
}

/// What holds for the whole session.
#[derive(Args, Clone)]
struct CommonArgs {
    /// The servers: host:port,... (port 2181 if none is given), and /path behind the last to stay below that node
    #[arg(
        long,
        global = true,
        help_heading = "Common options",
        value_name = "ADDR",
        env = "TRELLIS_ZK_SERVER",
        hide_env_values = true,
        default_value = "127.0.0.1:2181",
        value_parser = str::parse::<Servers>
    )]
    server: Servers,

    /// The longest wait for a connection or a reply
    #[arg(
        long,
        global = true,
        help_heading = "Common options",
        value_name = "SECONDS",
        value_parser = seconds,
        default_value_t = REPLY_TIMEOUT_DEFAULT.as_secs(),
        allow_negative_numbers = true
    )]
    timeout: u64,

    /// For how long the session is to live without a sign of this program
    #[arg(
        long,
        global = true,
        help_heading = "Common options",
        value_name = "MS",
        default_value_t = ZK_SESSION_TIMEOUT_MS_DEFAULT,
        allow_negative_numbers = true
    )]
    session_timeout_ms: u32,

    /// An identity to show to the server: scheme:credentials, as in digest:user:password; may be repeated
    #[arg(
        long,
        global = true,
        help_heading = "Common options",
        value_name = "IDENTITY",
        env = "TRELLIS_ZK_AUTH",
        hide_env_values = true,
        value_parser = session::identity
    )]
    auth: Vec<Identity>,

    /// Make do with a server that only answers reads
    #[arg(long, global = true, help_heading = "Common options")]
    read_only: bool,

    /// Print JSON
    #[arg(long, global = true, help_heading = "Common options")]
    json: bool,
}

impl CommonArgs {
    fn settings(&self) -> Settings {
        let timeout = Duration::from_secs(self.timeout);
        Settings {
            servers: self.server.clone(),
            // The first one that answers is taken, so that a user knows which.
            shuffle: false,
            session_timeout: Duration::from_millis(self.session_timeout_ms.into()),
            connect_timeout: timeout,
            request_timeout: timeout,
            fail_fast: false,
            read_only: self.read_only,
            identities: self.auth.clone(),
            session: None,
        }
    }
}

/// Runs the command, or the shell if there is none.
pub(crate) fn run(args: &ZkArgs) -> Result<(), Failure> {
    let interrupt = Interrupt::default();
    let settings = args.common.settings();
    let Some(command) = &args.command else {
        return shell::run(settings, interrupt, args.common.json);
    };
    let output = &mut Output::new(args.common.json);
    let outcome = match command {
        Command::Version => session::version(output),
        Command::Watch(args) => {
            interrupt.catch_ctrl_c()?;
            interrupt.catch_termination()?;
            follow::run(args, &settings, &interrupt, output)
        }
        command => once(command, &settings, &interrupt, output),
    };
    // What was printed before a failure is true, so it is shown, and before the failure is.
    output.flush()?;
    outcome
}

/// Runs one command in a session of its own.
fn once(
    command: &Command,
    settings: &Settings,
    interrupt: &Interrupt,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = failure::connect(settings)?;
    let nodes = Nodes::new(&client, interrupt);
    let outcome = command::run(command, &Context { nodes, events: None }, output);
    command::end(command, &outcome, &client, interrupt);
    outcome
}

fn seconds(text: &str) -> Result<u64, String> {
    let seconds = text.parse::<u32>().ok().filter(|seconds| *seconds > 0);
    seconds.map(u64::from).ok_or_else(|| format!("not a whole number of seconds from 1 to {}", u32::MAX))
}

//! Writes `docs/workers.md` from the table of keys.

use std::fmt::Write as _;

use super::keys::{self, Form, Key};
use super::value;

const HEAD: &str = "\
# workers.toml

<!-- Generated from crates/supervisor/src/config/keys/; `UPDATE=1 cargo test -p trellis-supervisor` rewrites it. -->

What `trellis run` runs. Each table `[program.NAME]` is a program; only `command` is required. What `[defaults]` says
holds for every program that doesn't say otherwise, as far as it applies to that program. A key that is not listed here
is an error, as is a combination that makes no sense, and all errors are told at once with their lines.
[An example](../examples/workers.toml) runs as it is, and [a JSON schema](workers.schema.json) lets editors help.

A program is one of these:

- a *service*: its processes run for as long as they like, and may share listening sockets (`listen`);
- *jobs*: its processes work off a `tube`, one process a job (`mode = \"exec\"`) or processes that live on and are given
  jobs in frames (`mode = \"stream\"`), as [worker.py](../examples/worker.py) and [worker.php](../examples/worker.php) do;
- a *timetable*: it is run at the times of a `schedule`.

Programs find the servers of `[server]` in the variables TRELLIS_TUBE_SERVER (the first of beanstalkd's protocol) and
TRELLIS_ZK_SERVER (all of ZooKeeper's), which `trellis tube` and `trellis zk` read; a program's `environment` may say
something else.

`trellis run --serve [FILE]` is for a small site: it runs a server in the same process, with the settings of FILE, which is
what `trellis serve --config` takes, of variables such as TRELLIS_DATA_DIR, and the defaults. (`user` is not among them, as
there is one process only.) `[server]` then need not name its addresses, and must name no others; ports may be left to the
system. Programs are started once the server serves, and stopped before it stops; if it fails, so that nothing more can
be acknowledged, everything is stopped in order, and the exit code is the server's. SIGUSR1 is passed on to the programs as
always: it does not make this server refuse jobs.

A time is a whole number with a unit: `250ms`, `10s`, `5m`, `2h`, `1d`. A size is a number of bytes, or of KiB, MiB or
GiB: `65536`, `\"64K\"`, `\"10M\"`, `\"1G\"`. A key with a dot is one of a table: `stop.signal` can be written as
`stop = { signal = \"QUIT\" }` or, below a line `[program.NAME.stop]`, as `signal = \"QUIT\"`.

## What a changed file does

`trellis run reload`, or SIGHUP, reads the file again. What has not changed goes on, and what was stopped by hand stays so.

- A process is started anew only for what it can't be told: its command, environment, directory, user, umask, sockets,
  mode, and whether it says that it is ready. One process of a program is replaced after the other.
- All else holds at once, for jobs that are worked on, too: their tries and back-off, how many are reserved ahead, the
  times of a schedule, logs.
- With another `tube` or other `beanstalk` servers, no more jobs are taken from the old ones. A job that a process has in
  hand may be finished there for as long as `stop.timeout`; then the process, which lives on, gets the new jobs. The same
  holds for the jobs of a program that is removed.
- A new `schedule` begins at once: its times before the change are not made up for.
- With other `zookeeper` servers, another `root` or `session_timeout`, singletons are ended and elected anew. Reload all
  machines one soon after the other: until then, those with the old file and those with the new one run a singleton each.

## What can be asked of it

`trellis run start`, `stop` and `restart` take programs (`mail`) and processes (`mail.0`), and wait until it is done, or until
somebody else asks for the opposite, which is an error.

- *Services* and processes that live on for jobs: a program is started anew one process after the other.
- *Jobs with a process each*: `stop` takes no more jobs and waits for those that run, which are killed and released after
  `stop.timeout`; `restart` waits for them likewise, and goes on.
- *Timetables*: `stop` ends a run that is under way, and the schedule is not followed until `start`; `restart` ends such a
  run and starts it anew for the same time, and then the schedule goes on. Neither begins a run out of turn.
- *Singletons*: one that is stopped on its machine, or failed too often there, is run by another.

## What a process leaves behind

When a process ends, whatever it has started is killed with it. What began a session of its own gets the stop signal, too,
and is killed a second later; if it is a singleton's, it is killed at once. (It is known by the variable
TRELLIS_SUPERVISOR.) Only what began a session of its own *and* cleared its environment lives on, until the
supervisor ends; if that is killed with SIGKILL, it is not found.

A process beside the supervisor, the guardian, kills everything when the supervisor is killed, and singletons when it is
stopped for too long. If the guardian itself is killed or stopped, another one takes its place. If both are killed in the
same moment, processes still end with the supervisor, but what these have started lives on.
";

/// The whole page.
#[must_use]
pub fn reference_page() -> String {
    let mut page = HEAD.to_owned();
    section(&mut page, "[server]", keys::server_keys(), |_| "");
    section(&mut page, "[program.NAME]", keys::program_keys(), |name| {
        if keys::may_be_default(name) { "" } else { " Not in `[defaults]`." }
    });
    page
}

fn section<T: 'static>(
    page: &mut String,
    title: &str,
    keys: impl Iterator<Item = &'static Key<T>>,
    remark: fn(&str) -> &'static str,
) {
    let _ = write!(page, "\n## {title}\n");
    for key in keys {
        let _ = write!(page, "\n### {}\n\n{}{}\n\n", key.name, key.help, remark(key.name));
        let default = match key.default.strip_prefix('(').and_then(|words| words.strip_suffix(')')) {
            Some(words) => words.replace("\"{", "`\"{").replace("| \"", "| \"`"),
            None => format!("`{}`", key.default),
        };
        let _ = write!(page, "{}. Default: {default}.\n\n```toml\n{}\n```\n", form(&key.form), key.example);
    }
}

fn form<T: 'static>(form: &Form<T>) -> String {
    match form {
        Form::Text(_) => "A string".to_owned(),
        Form::Texts(_) => "A string or an array of strings".to_owned(),
        Form::Map(_) => "A table of strings".to_owned(),
        Form::Flag(_) => "`true` or `false`".to_owned(),
        Form::Words(words, _) => {
            let words: Vec<String> = words.iter().map(|word| format!("`\"{word}\"`")).collect();
            format!("One of {}", words.join(", "))
        }
        Form::Count(min, max, _) => format!("A whole number from {min} to {max}"),
        Form::Size(min, max, _) => format!("A size from {min} to {max} bytes"),
        Form::Time(min, max, _) => {
            format!("A time from `{}` to `{}`", value::spell(*min), value::spell(*max))
        }
    }
}

//! The keys of a program that say how its processes are run. Nothing here knows of jobs or schedules.

use std::path::PathBuf;
use std::time::Duration;

use super::{DELAY_MIN, Draft, Form, Key};
use crate::config::{ReadyWhen, Restart, Signal, command, value};
use crate::limits::{DURATION_MAX, FAILURES_MAX, PROCESSES_MAX};

const RESTARTS: [Restart; 3] = [Restart::Always, Restart::OnFailure, Restart::Never];

const SIGNALS: [Signal; 8] = [
    Signal::Term,
    Signal::Int,
    Signal::Quit,
    Signal::Hup,
    Signal::Usr1,
    Signal::Usr2,
    Signal::Winch,
    Signal::Kill,
];

/// In the order of the reference page.
pub(in crate::config) static PROCESS_KEYS: &[Key<Draft>] = &[
    Key {
        name: "command",
        form: Form::Texts(|draft, texts| {
            draft.program.command = match <[String; 1]>::try_from(texts) {
                Ok([line]) => command::words(&line)?,
                Err(texts) => command::checked(texts)?,
            };
            Ok(())
        }),
        default: "(required)",
        example: "command = \"php worker.php --queue 'new mail'\"",
        help: "What to run. A string is split into words as a shell does it, with quotes and backslashes, but no shell \
               is run; an array is taken word for word. A program without a slash is looked for in PATH.",
    },
    Key {
        name: "processes",
        form: Form::Count(0, PROCESSES_MAX as u64, |draft, count| {
            draft.program.processes.min = narrow(count);
            draft.program.processes.max = narrow(count);
        }),
        default: "1",
        example: "processes = 4",
        help: "How many processes run. 0 leaves the program in the file and runs nothing. With a `schedule`, how many \
               runs may go on at a time.",
    },
    Key {
        name: "processes.min",
        form: Form::Count(0, PROCESSES_MAX as u64, |draft, count| {
            draft.program.processes.min = narrow(count);
        }),
        default: "1",
        example: "processes = { min = 1, max = 16 }",
        help: "The fewest processes, when their number follows the depth of the `tube`.",
    },
    Key {
        name: "processes.max",
        form: Form::Count(1, PROCESSES_MAX as u64, |draft, count| {
            draft.program.processes.max = narrow(count);
        }),
        default: "1",
        example: "processes = { min = 0, max = 16 }",
        help: "The most processes, when their number follows the depth of the `tube`.",
    },
    Key {
        name: "processes.jobs_per_process",
        form: Form::Count(1, 1_000_000, |draft, count| {
            draft.program.processes.scaling.jobs_per_process = narrow(count);
        }),
        default: "1",
        example: "processes = { min = 1, max = 16, jobs_per_process = 10 }",
        help: "How many jobs, ready or reserved, one process is for. More processes are started at once when there are \
               more jobs than that.",
    },
    Key {
        name: "processes.cooldown",
        form: Form::Time(Duration::ZERO, DURATION_MAX, |draft, time| {
            draft.program.processes.scaling.cooldown = time;
        }),
        default: "\"30s\"",
        example: "processes = { min = 1, max = 16, cooldown = \"2m\" }",
        help: "For how long fewer processes have to be enough before the surplus is stopped.",
    },
    Key {
        name: "environment",
        form: Form::Map(|draft, map| {
            draft.program.environment.extend(value::variables(map)?);
            Ok(())
        }),
        default: "{}",
        example: "environment = { APP_ENV = \"production\", LANG = \"C.UTF-8\" }",
        help: "Variables that are set on top of the supervisor's own. Those of `[defaults]` are kept unless the program \
               sets the same ones.",
    },
    Key {
        name: "directory",
        form: Form::Text(|draft, text| {
            draft.program.directory = Some(PathBuf::from(value::not_empty(text)?));
            Ok(())
        }),
        default: "(the supervisor's)",
        example: "directory = \"/srv/shop\"",
        help: "The working directory. A relative one starts at the supervisor's.",
    },
    Key {
        name: "user",
        form: Form::Text(|draft, text| {
            draft.program.user = Some(value::user(text)?);
            Ok(())
        }),
        default: "(the supervisor's)",
        example: "user = \"www-data\"",
        help: "Who runs it, with that user's groups. Only a supervisor of root's can change it.",
    },
    Key {
        name: "umask",
        form: Form::Text(|draft, text| {
            draft.program.umask = Some(value::umask(text)?);
            Ok(())
        }),
        default: "(the supervisor's)",
        example: "umask = \"027\"",
        help: "The permissions that files don't get, in octal digits.",
    },
    Key {
        name: "restart",
        form: Form::Words(&["always", "on-failure", "never"], |draft, index| {
            draft.program.restart = RESTARTS[index];
        }),
        default: "\"always\"",
        example: "restart = \"on-failure\"",
        help: "When a process that ended by itself is started again. `on-failure`: unless it exited with 0.",
    },
    Key {
        name: "backoff.first",
        form: Form::Time(DELAY_MIN, DURATION_MAX, |draft, time| draft.program.backoff.first = time),
        default: "\"250ms\"",
        example: "backoff = { first = \"1s\", max = \"5m\" }",
        help: "How long to wait before a process is started again. The time doubles with each end, less up to a \
               quarter that is drawn so that not all come back at once; a process that ran for longer than \
               `backoff.max` begins anew.",
    },
    Key {
        name: "backoff.max",
        form: Form::Time(DELAY_MIN, DURATION_MAX, |draft, time| draft.program.backoff.max = time),
        default: "\"30s\"",
        example: "backoff = { first = \"1s\", max = \"5m\" }",
        help: "The longest time to wait before a process is started again.",
    },
    Key {
        name: "give_up.failures",
        form: Form::Count(0, FAILURES_MAX as u64, |draft, count| draft.give_up_failures = narrow(count)),
        default: "0",
        example: "give_up = { failures = 5, within = \"1m\" }",
        help: "After how many failures a process is tried no more, until somebody starts it. 0 is never. A singleton of which \
               nothing is tried any more on its machine is left to the others, until somebody starts the program there.",
    },
    Key {
        name: "give_up.within",
        form: Form::Time(DELAY_MIN, DURATION_MAX, |draft, time| draft.give_up_within = time),
        default: "\"5m\"",
        example: "give_up = { failures = 5, within = \"1m\" }",
        help: "The time within which that many failures are too many.",
    },
    Key {
        name: "stop.signal",
        form: Form::Words(
            &["TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "WINCH", "KILL"],
            |draft, index| {
                draft.program.stop.signal = SIGNALS[index];
            },
        ),
        default: "\"TERM\"",
        example: "stop = { signal = \"QUIT\", timeout = \"30s\" }",
        help: "The signal that asks a process to end.",
    },
    Key {
        name: "stop.timeout",
        form: Form::Time(Duration::ZERO, DURATION_MAX, |draft, time| draft.program.stop.timeout = time),
        default: "\"10s\"",
        example: "stop = { timeout = \"1m\" }",
        help: "How long a process may take to end before it is killed. Jobs that run may take as long to finish; then \
               they are released.",
    },
    Key {
        name: "after",
        form: Form::Texts(|draft, texts| {
            draft.program.after = texts;
            Ok(())
        }),
        default: "[]",
        example: "after = [\"database\", \"cache\"]",
        help: "The programs that have to be ready before this one is started. When all are stopped, this one is \
               stopped before them.",
    },
    Key {
        name: "ready.when",
        form: Form::Words(&["started", "notified"], |draft, index| {
            draft.program.ready.when = [ReadyWhen::Started, ReadyWhen::Notified][index];
        }),
        default: "\"started\"",
        example: "ready = { when = \"notified\", timeout = \"1m\" }",
        help: "When a process counts as ready. `started`: at once, also if it ends a moment later; where that matters, \
               take one of the others. `notified`: when it has sent `READY=1` to the socket that the variable \
               NOTIFY_SOCKET names, as systemd's services do.",
    },
    Key {
        name: "ready.after",
        form: Form::Time(DELAY_MIN, DURATION_MAX, |draft, time| {
            draft.program.ready.when = ReadyWhen::After(time);
        }),
        default: "(not used)",
        example: "ready = { after = \"2s\" }",
        help: "A process counts as ready once it has been running for so long. Excludes `ready.when`.",
    },
    Key {
        name: "ready.timeout",
        form: Form::Time(DELAY_MIN, DURATION_MAX, |draft, time| draft.program.ready.timeout = time),
        default: "\"30s\"",
        example: "ready = { when = \"notified\", timeout = \"1m\" }",
        help: "How long a process may take to become `notified` before it is stopped and counts as failed.",
    },
    Key {
        name: "log.to",
        form: Form::Text(|draft, text| {
            draft.log_path = Some(value::log_path(text)?);
            Ok(())
        }),
        default: "\"-\"",
        example: "log = { to = \"logs/{program}.log\", max_size = \"50M\", files = 3 }",
        help: "Where its output goes, standard output and standard error alike: a file, or `-` for the supervisor's own \
               standard output. `{program}` and `{index}` are replaced.",
    },
    Key {
        name: "log.max_size",
        form: Form::Size(4 << 10, 1 << 40, |draft, bytes| draft.log_bytes_max = bytes),
        default: "\"10M\"",
        example: "log = { to = \"mail.log\", max_size = \"50M\" }",
        help: "How large a log's file grows before it is put aside and a new one is begun.",
    },
    Key {
        name: "log.files",
        form: Form::Count(0, 1_000, |draft, count| draft.log_files = narrow(count)),
        default: "5",
        example: "log = { to = \"mail.log\", files = 3 }",
        help: "How many full files are kept, as in `mail.log.1` to `mail.log.5`; the oldest is removed.",
    },
    Key {
        name: "log.prefix",
        form: Form::Text(|draft, text| {
            draft.log_prefix = Some(value::template(text, &["program", "index", "pid"])?);
            Ok(())
        }),
        default: "(\"{program}.{index} | \" with `-`, else nothing)",
        example: "log = { prefix = \"[{program} {pid}] \" }",
        help: "What stands before each line. `{program}`, `{index}` and `{pid}` are replaced.",
    },
    Key {
        name: "singleton",
        form: Form::Flag(|draft, flag| draft.program.singleton = flag),
        default: "false",
        example: "singleton = true",
        help: "Whether only one machine runs it, of all that share the servers and `server.root`. With a `schedule`, \
               each run takes place on one machine. A machine without word from the servers stops it before another one may \
               run it, and kills it when nine tenths of `session_timeout` are over since it has asked a server for the last \
               time that answered; if the supervisor itself is stopped or starved, its guardian does so. Three \
               things remain. A machine may stand still as a whole, as one that is frozen or moved: until it goes on, another may run \
               it, and what it was about to write then comes late. Somebody may stop the supervisor and then stop \
               or kill its guardian, too, so that nobody is left to kill it. And a follower of a ZooKeeper ensemble that is cut off from \
               its leader answers for a while, `syncLimit`, as if it were not. Where either would do harm, have the program get a number that \
               grows when it begins, such as the zxid of a znode that it writes, and let whatever it changes refuse smaller \
               ones.",
    },
];

/// The number in the type that holds it; the key's limit is below that.
pub(super) fn narrow(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

//! The keys of a program that say what its processes do: jobs, a schedule, or a service. Nothing here runs anything.

use std::time::Duration;

use super::process::narrow;
use super::{Draft, Form, Key};
use crate::config::{Mode, value};
use crate::limits::{DURATION_MAX, PREFETCH_MAX};
use crate::schedule::{Missed, Overlap};

const OVERLAPS: [Overlap; 3] = [Overlap::Skip, Overlap::Allow, Overlap::Wait];

/// In the order of the reference page.
pub(in crate::config) static WORK_KEYS: &[Key<Draft>] = &[
    Key {
        name: "listen",
        form: Form::Texts(|draft, texts| {
            draft.listen = texts.iter().map(|text| value::listen(text)).collect::<Result<_, _>>()?;
            Ok(())
        }),
        default: "[]",
        example: "listen = [\"0.0.0.0:8080\", \"[::]:8080\", \"unix:/run/shop.sock\"]",
        help: "Where to listen for the program's processes, which share the sockets: they are open as descriptors 3 and \
               up, and LISTEN_FDS says how many there are, as with systemd; LISTEN_FDNAMES names them by their ports or \
               files. They stay open while processes are replaced, so that nobody is refused. `[::]` is all addresses of \
               IPv6, and none of IPv4, which are `0.0.0.0`.",
    },
    Key {
        name: "tube",
        form: Form::Text(|draft, text| {
            draft.jobs.tube = value::tube(text)?;
            Ok(())
        }),
        default: "(none)",
        example: "tube = \"mail\"",
        help: "The tube whose jobs its processes are given.",
    },
    Key {
        name: "mode",
        form: Form::Words(&["exec", "stream"], |draft, index| {
            draft.jobs.mode = [Mode::Exec, Mode::Stream][index];
        }),
        default: "\"exec\"",
        example: "mode = \"stream\"",
        help: "How jobs are handed over. `exec`: one process a job, with the body on its standard input; it exits with \
               0 when the job is done and with 75 to have it again later, and everything else is a failure. When it cannot \
               be started at all, the job is given back, and no others are taken for a second, then two, up to a minute. \
               `stream`: processes that live on and are given jobs in frames on descriptor 3, one after another: they \
               answer each before they get the next. However long a job takes, its time to run does not end while a \
               process is at it.",
    },
    Key {
        name: "max_tries",
        form: Form::Count(1, 1_000_000, |draft, count| draft.jobs.tries_max = narrow(count)),
        default: "5",
        example: "max_tries = 3",
        help: "How often a job is tried: when the last try fails, it is buried. A process that dies at a job has failed at \
               it. Exit status 75, and `retry` in stream mode, are tries, but never bury it. What the server counts are \
               reservations, whoever made them. One that ended before a process had begun the job is no try: before it had \
               read the length of a frame of more than 8 KiB, or all of a smaller one. From the fifth time in a row, such a \
               job waits as after a failure, lest it keep others from being done. Nor is one a try that \
               was cut short because the process may not run any longer: by `stop.timeout`, by the second signal, or as \
               another machine may run it soon. But only the supervisor that made such a reservation knows that; to others, and \
               after its end, each of them counts as a try: when a supervisor is ended and started again, that costs each job \
               that it had reserved ahead a try. `trellis run restart` costs none, nor does `reload`, unless the servers \
               change.",
    },
    Key {
        name: "retry.first",
        form: Form::Time(Duration::ZERO, DURATION_MAX, |draft, time| draft.jobs.retry.first = time),
        default: "\"1s\"",
        example: "retry = { first = \"5s\", max = \"1h\" }",
        help: "How long a job waits before it is tried a second time; twice as long before the third, and so on. Whole \
               seconds count, as in beanstalkd's protocol. After the death of a process with `mode = \"stream\"`, its job \
               does not wait.",
    },
    Key {
        name: "retry.max",
        form: Form::Time(Duration::ZERO, DURATION_MAX, |draft, time| draft.jobs.retry.max = time),
        default: "\"10m\"",
        example: "retry = { first = \"5s\", max = \"1h\" }",
        help: "The longest time that a job waits before it is tried again.",
    },
    Key {
        name: "prefetch",
        form: Form::Count(0, PREFETCH_MAX as u64, |draft, count| draft.jobs.prefetch = narrow(count)),
        default: "4",
        example: "prefetch = 0",
        help: "How many jobs are reserved ahead for each process, with `mode = \"stream\"`. It saves the way to the server \
               between two jobs. They wait in this supervisor for whichever of its processes is idle first, and other \
               machines cannot have them meanwhile, so take 0 where a job takes long. Their time to run does not end. Each that waits, and each that is worked \
               on, has a connection of its own to every server: 1000 for each of 4 processes take 4004.",
    },
    Key {
        name: "schedule",
        form: Form::Text(|draft, text| {
            draft.expression = Some(value::not_empty(text)?.to_owned());
            Ok(())
        }),
        default: "(none)",
        example: "schedule = \"*/5 * * * *\"",
        help: "When to run: minute, hour, day of the month, month, day of the week, as in a crontab; a sixth field \
               before them is seconds. `@hourly`, `@daily`, `@weekly`, `@monthly` and `@yearly` are short for their beginnings. The variable TRELLIS_TICK says which time it is. With `singleton`, each time is run \
               once on all machines together; it is lost if the machine that has just taken it ends, or is cut off from the servers \
               for `session_timeout`, before it has begun to run it.",
    },
    Key {
        name: "timezone",
        form: Form::Text(|draft, text| {
            draft.zone = value::not_empty(text)?.to_owned();
            Ok(())
        }),
        default: "\"UTC\"",
        example: "timezone = \"Europe/Berlin\"",
        help: "The time zone of the `schedule`. A time of day that is left out when clocks are put forward is run right \
               after; one that comes twice when they are put back is run the first time only.",
    },
    Key {
        name: "missed",
        form: Form::Words(&["skip", "once", "all"], |draft, index| {
            draft.missed = [Missed::Skip, Missed::Once, Missed::All][index];
        }),
        default: "\"skip\"",
        example: "missed = \"once\"",
        help: "What becomes of times at which no machine was there. `once`: the newest is made up for; `all`: up to a \
               hundred are, one after another. What comes while they are runs after them, one at most. Nothing is run twice when the clock is set back by up to a minute; by more, \
               the schedule begins anew, and times that come again are run again.",
    },
    Key {
        name: "overlap",
        form: Form::Words(&["skip", "allow", "wait"], |draft, index| draft.overlap = OVERLAPS[index]),
        default: "\"skip\"",
        example: "overlap = \"wait\"",
        help: "What happens when it is due and the run before still goes on. `allow` runs up to `processes` beside each \
               other; `wait` runs it after the other, one at most.",
    },
];

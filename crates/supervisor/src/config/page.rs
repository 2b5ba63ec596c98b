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

A time is a whole number with a unit: `250ms`, `10s`, `5m`, `2h`, `1d`. A size is a number of bytes, or of KiB, MiB or
GiB: `65536`, `\"64K\"`, `\"10M\"`, `\"1G\"`. A key with a dot is one of a table: `stop.signal` can be written as
`stop = { signal = \"QUIT\" }` or, below a line `[program.NAME.stop]`, as `signal = \"QUIT\"`.
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

//! Writes `docs/settings.md` from the table of settings.

use std::fmt::Write as _;

use super::{SETTINGS, Setting};

const HEAD: &str = "\
# Settings of `trellis serve`

<!-- Generated from crates/trellis/src/settings/table.rs; `UPDATE=1 cargo test -p trellis` rewrites it. -->

Each setting can be given in three ways: as a flag, as an environment variable, or as a key of a TOML file
named by `--config FILE` (or `TRELLIS_CONFIG`). If it is given in several ways, the flag wins over the
environment, and the environment over the file; then comes the default. An empty environment variable counts
as not set. No file is read unless it is named, and a key that is no setting is an error.

A ZooKeeper server's zoo.cfg is taken as it is by `--zoo-cfg FILE` (or `TRELLIS_ZOO_CFG`): see [zoo.cfg](zoo-cfg.md).
All other ways win over it.

All settings are checked before a port is bound or a file is touched. A flag that does not exist is reported
alone; then come, each kind all together, keys of the file that cannot be used, values that are wrong, and values
that contradict each other.

A size is a number of bytes, or of KiB, MiB or GiB with `K`, `M` or `G` after it: `65535`, `64K`, `64M`, `1G`.

";

/// Values for the settings that have no default.
const EXAMPLES: &[(&str, &str)] = &[
    ("user", "trellis"),
    ("zookeeper-session-timeout-min-ms", "4000"),
    ("zookeeper-session-timeout-max-ms", "40000"),
    ("zookeeper-super-digest", "super:D/InIHSb7yEEbrWz8b9l71RjZJU="),
];

/// The whole page.
#[cfg_attr(not(test), expect(dead_code, reason = "only the test that keeps the page up to date needs it"))]
pub(crate) fn settings_page() -> String {
    let mut page = HEAD.to_owned();
    page.push_str("| Flag | Environment | Default | |\n|---|---|---|---|\n");
    for setting in SETTINGS {
        let (flag, variable) = (flag(setting), setting.variable);
        let default = setting.default.map_or("none".to_owned(), |default| format!("`{default}`"));
        let _ = writeln!(
            page,
            "| [`{flag}`](#{}) | `{variable}` | {default} | {} |",
            setting.name, setting.summary
        );
    }
    for setting in SETTINGS {
        let _ = write!(page, "\n## {}\n\n{}. {}\n\n", setting.name, setting.summary, setting.details);
        let _ = write!(page, "```toml\n{}\n```\n", example(setting));
    }
    page
}

fn flag(setting: &Setting) -> String {
    let more = if setting.repeatable { "..." } else { "" };
    format!("--{} {}{more}", setting.name, setting.value_name)
}

/// The setting as a line of the file.
pub(super) fn example(setting: &Setting) -> String {
    let example = || EXAMPLES.iter().find_map(|(name, value)| (*name == setting.name).then_some(*value));
    let value = setting.default.or_else(example).unwrap_or_default();
    match value.parse::<u64>() {
        Ok(number) => format!("{} = {number}", setting.name),
        Err(_) => format!("{} = {value:?}", setting.name),
    }
}

//! Writes `docs/zoo-cfg.md` from the list of keys.

use std::fmt::Write as _;

use super::keys::{KEYS, Key, Meaning};

const HEAD: &str = "\
# A ZooKeeper server's zoo.cfg

<!-- Generated from crates/trellis/src/settings/zoo; `UPDATE=1 cargo test -p trellis` rewrites it. -->

`trellis serve --zoo-cfg FILE` (or `TRELLIS_ZOO_CFG`) starts with the configuration of a ZooKeeper server as it is:

```sh
trellis serve --zoo-cfg /etc/zookeeper/conf/zoo.cfg
```

- What the file says comes last: a flag, an environment variable and a key of the file that `--config` names win over it.
  [Settings](settings.md) has them all.
- beanstalkd's protocol and HTTP are off unless a setting turns them on, for instance `--beanstalk 127.0.0.1:11300`.
- What is not used is named in a warning when the server starts, once for each key, with the reason. A key that is not
  known is named, too. Nothing is said about a value that asks for what happens anyway.
- What would be unsafe to leave out is refused, and the server does not start: with two servers (`server.1`, `server.2`)
  each would keep its own data; with a TLS port alone, or where clients must prove who they are, anybody could come in.
- A data directory with the data of a real ZooKeeper server is refused: this version does not read it, and clients would
  find an empty tree. Name another directory with `--data-dir` to begin with one.
- The form of the file is that of Java's properties: comments with `#` or `!`, `=`, `:` or a blank between key and value, `\\`
  at the end of a line that goes on, `\\u0041` and the like. Of a key that is given twice, the last one counts. Bytes
  that are not UTF-8 are read as Latin-1.
- Without `tickTime`, a tick has 3 seconds, as the real server's has.
- Keys may begin with `zookeeper.`, as the properties do that the real server makes of them.
- What is said to Java (`SERVER_JVMFLAGS`, `-Dzookeeper...`, `java.env`) is not read: put it into the file without its
  `-D`, or say it by a setting.
";

const USED: &str = "
## Keys that are used

| Key | What it is here |
|---|---|
";

const REFUSED: &str = "
## Keys that are refused

| Key | Unless it is | Why |
|---|---|---|
";

const IGNORED: &str = "
## Keys that are not used

Without a warning if the value is the one in the second column.

| Key | | Why |
|---|---|---|
";

/// The whole page.
#[cfg_attr(not(test), expect(dead_code, reason = "only the test that keeps the page up to date needs it"))]
pub(super) fn zoo_cfg_page() -> String {
    let mut page = HEAD.to_owned();
    for (head, row) in [(USED, used as fn(&Key) -> Option<String>), (REFUSED, refused), (IGNORED, ignored)] {
        page.push_str(head);
        for row in KEYS.iter().filter_map(row) {
            let _ = writeln!(page, "| {row} |");
        }
    }
    page
}

fn used(key: &Key) -> Option<String> {
    match key.meaning {
        Meaning::Setting(setting) => Some(format!("`{}` | `--{setting}`", key.name)),
        Meaning::Used(_, what) => Some(format!("`{}` | {what}", key.name)),
        Meaning::Ignored(..) | Meaning::Refused(..) => None,
    }
}

fn refused(key: &Key) -> Option<String> {
    let Meaning::Refused(anyway, why) = key.meaning else { return None };
    Some(format!("`{}` | {} | {why}", key.name, in_code(anyway)))
}

fn ignored(key: &Key) -> Option<String> {
    let Meaning::Ignored(anyway, why) = key.meaning else { return None };
    Some(format!("`{}` | {} | {why}", key.name, in_code(anyway)))
}

fn in_code(values: &[&str]) -> String {
    values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")
}

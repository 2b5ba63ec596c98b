//! The rows of the table of settings that only ZooKeeper's protocol uses. `zoo/` gives them from a zoo.cfg.

use std::time::Duration;

use super::table::{Complete, Setting, addresses, one};
use super::value;
use crate::limits::{
    CONNECTIONS_MAX, JOB_SIZE_BYTES_MAX, SESSION_TIMEOUT_MS_MAX, TICK_MS_MAX, ZNODE_SIZE_BYTES_MIN,
};

/// What stands for every word, as in ZooKeeper's whitelist.
const ALL_WORDS: &str = "*";

const SWITCH: &[(&str, bool)] = &[("on", true), ("off", false)];

pub(super) const LISTENERS: Setting = Setting {
    name: "zookeeper",
    variable: "TRELLIS_ZOOKEEPER",
    value_name: "ADDR",
    default: Some("127.0.0.1:2181"),
    repeatable: true,
    complete: Complete::Nothing,
    summary: "Where to speak ZooKeeper's protocol",
    details: "`host:port`, `[ipv6]:port`, `unix:/path` or `off`. Give it several times, or several \
              addresses with commas between them, to listen on all of them. `0.0.0.0:2181` is every interface: \
              znodes are open to all unless their access control lists say otherwise. \
              In a zoo.cfg: `clientPort` and `clientPortAddress`.",
    apply: |settings, values| {
        settings.zookeeper = addresses(values)?;
        Ok(())
    },
};

pub(super) const TICK: Setting = Setting {
    name: "zookeeper-tick-ms",
    variable: "TRELLIS_ZOOKEEPER_TICK_MS",
    value_name: "MS",
    default: Some("2000"),
    repeatable: false,
    complete: Complete::Nothing,
    summary: "The unit in which the time-outs of ZooKeeper's sessions are measured",
    details: "1 to 3600000 milliseconds. A client gets the time-out that it asks for, but no less than 2 ticks \
              and no more than 20, unless the two settings below say otherwise. In a zoo.cfg: `tickTime`.",
    apply: |settings, values| {
        settings.zookeeper_tick = milliseconds(values, TICK_MS_MAX)?;
        Ok(())
    },
};

pub(super) const SESSION_TIMEOUT_MIN: Setting = Setting {
    name: "zookeeper-session-timeout-min-ms",
    variable: "TRELLIS_ZOOKEEPER_SESSION_TIMEOUT_MIN_MS",
    value_name: "MS",
    default: None,
    repeatable: false,
    complete: Complete::Nothing,
    summary: "The shortest time-out of a session of ZooKeeper's",
    details: "1 to 2147483647 milliseconds; 2 ticks if it is left out. In a zoo.cfg: `minSessionTimeout`.",
    apply: |settings, values| {
        settings.zookeeper_session_timeout_min = Some(milliseconds(values, SESSION_TIMEOUT_MS_MAX)?);
        Ok(())
    },
};

pub(super) const SESSION_TIMEOUT_MAX: Setting = Setting {
    name: "zookeeper-session-timeout-max-ms",
    variable: "TRELLIS_ZOOKEEPER_SESSION_TIMEOUT_MAX_MS",
    value_name: "MS",
    default: None,
    repeatable: false,
    complete: Complete::Nothing,
    summary: "The longest time-out of a session of ZooKeeper's",
    details: "1 to 2147483647 milliseconds; 20 ticks if it is left out. So long can a client that has died \
              hold its locks. In a zoo.cfg: `maxSessionTimeout`.",
    apply: |settings, values| {
        settings.zookeeper_session_timeout_max = Some(milliseconds(values, SESSION_TIMEOUT_MS_MAX)?);
        Ok(())
    },
};

pub(super) const CONNECTIONS_PER_ADDRESS: Setting = Setting {
    name: "zookeeper-max-connections-per-address",
    variable: "TRELLIS_ZOOKEEPER_MAX_CONNECTIONS_PER_ADDRESS",
    value_name: "COUNT",
    default: Some("60"),
    repeatable: false,
    complete: Complete::Nothing,
    summary: "How many clients of ZooKeeper's protocol one address may have connected at once",
    details: "1 to 1000000, or `off` for no limit but `--max-connections`. One more is disconnected; the others \
              notice nothing. All clients that come through a Unix socket have the same address, that of this \
              machine. In a zoo.cfg: `maxClientCnxns`, where 0 is no limit.",
    apply: |settings, values| {
        settings.zookeeper_max_connections_per_address = match one(values) {
            "off" => None,
            text => Some(value::number(text, 1, CONNECTIONS_MAX).map_err(|e| format!("{e}, or off"))?),
        };
        Ok(())
    },
};

pub(super) const ZNODE_SIZE: Setting = Setting {
    name: "max-znode-size",
    variable: "TRELLIS_MAX_ZNODE_SIZE",
    value_name: "SIZE",
    default: Some("1048575"),
    repeatable: false,
    complete: Complete::Nothing,
    summary: "The largest request of ZooKeeper's protocol, and so the largest znode",
    details: "1K to 1008M. It bounds a request as a whole: path, data and access control list, or all operations \
              of a multi. A client with a larger one is disconnected. Clients have such a limit, too, for what \
              they read. In a zoo.cfg: `jute.maxbuffer`.",
    apply: |settings, values| {
        settings.max_znode_size_bytes =
            value::size(one(values), ZNODE_SIZE_BYTES_MIN, JOB_SIZE_BYTES_MAX.into())?;
        Ok(())
    },
};

pub(super) const WORDS: Setting = Setting {
    name: "zookeeper-words",
    variable: "TRELLIS_ZOOKEEPER_WORDS",
    value_name: "WORDS",
    default: Some("srvr"),
    repeatable: true,
    complete: Complete::Nothing,
    summary: "The four-letter words that ZooKeeper's operators may say",
    details: "Words with commas between them, `*` for all, or `off` for none. Whoever can connect can say them: \
              `cons`, `dump`, `wchc` and `wchp` tell what others do, `crst` and `srst` reset figures. \
              docs/four-letter-words.md has them all. In a zoo.cfg: `4lw.commands.whitelist`, to which `srvr` \
              always belongs.",
    apply: |settings, values| {
        settings.zookeeper_words = words(values)?;
        Ok(())
    },
};

pub(super) const SUPER_DIGEST: Setting = Setting {
    name: "zookeeper-super-digest",
    variable: "TRELLIS_ZOOKEEPER_SUPER_DIGEST",
    value_name: "USER:HASH",
    default: None,
    repeatable: false,
    complete: Complete::Nothing,
    summary: "Who may do everything with znodes, whatever their access control lists say",
    details: "The user `super`, a colon, and the hash of the words that `addauth digest` gives: \
              `super:$(printf %s super:PASSWORD | openssl sha1 -binary | base64)`. Left out, nobody may. In a \
              zoo.cfg: `DigestAuthenticationProvider.superDigest`.",
    apply: |settings, values| {
        settings.zookeeper_super_digest = Some(super_digest(one(values))?);
        Ok(())
    },
};

pub(super) const ENFORCE_QUOTA: Setting = Setting {
    name: "zookeeper-enforce-quota",
    variable: "TRELLIS_ZOOKEEPER_ENFORCE_QUOTA",
    value_name: "on|off",
    default: Some("off"),
    repeatable: false,
    complete: Complete::Words(&["on", "off"]),
    summary: "Whether hard quotas of znodes are enforced",
    details: "`on`: what would exceed one is refused. `off`: it is only logged, as with soft quotas. In a \
              zoo.cfg: `enforceQuota`.",
    apply: |settings, values| {
        settings.zookeeper_enforce_quota = value::choice(one(values), SWITCH)?;
        Ok(())
    },
};

fn milliseconds(values: &[String], max: u64) -> Result<Duration, String> {
    value::number(one(values), 1, max).map(Duration::from_millis)
}

/// The words as such, each once.
fn words(values: &[String]) -> Result<Vec<String>, String> {
    let known = trellis_server::ZkSettings::words_known();
    let mut words = Vec::new();
    let mut off = false;
    for word in values.iter().flat_map(|value| value.split(',')).map(str::trim) {
        let given = match word {
            ALL_WORDS => known.clone(),
            "off" => {
                off = true;
                continue;
            }
            _ => {
                let choices: Vec<_> = known.iter().map(|word| (*word, *word)).collect();
                let word =
                    value::choice(word, &choices).map_err(|e| format!("{e}; * is all, off is none"))?;
                vec![word]
            }
        };
        words.extend(given);
    }
    if off && !words.is_empty() {
        return Err("off and a word exclude each other".to_owned());
    }
    words.sort_unstable();
    words.dedup();
    Ok(words.into_iter().map(str::to_owned).collect())
}

fn super_digest(text: &str) -> Result<String, String> {
    match text.split_once(':') {
        Some((user, hash)) if !user.is_empty() && is_hash(hash) => Ok(text.to_owned()),
        _ => Err("should be a user, a colon and a hash of SHA-1 in base64, as in super:D/InIHSb7yEEbrWz8b9l71RjZJU="
            .to_owned()),
    }
}

fn is_hash(text: &str) -> bool {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(text).is_ok_and(|hash| hash.len() == 20)
}

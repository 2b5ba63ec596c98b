//! Reads single values. Every error says what was read, what is allowed and what to write instead.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::Listen;

/// The bytes that a tube's name may have, in beanstalkd's protocol.
const TUBE_BYTES_MAX: usize = 200;

/// Units of time, the shortest first.
const UNITS: &[(&str, u64)] = &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// A whole number and a unit: `250ms`, `10s`, `5m`, `2h`, `1d`.
pub(super) fn duration(text: &str, min: Duration, max: Duration) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let scale = UNITS.iter().find_map(|(unit, scale)| (*unit == &text[digits.len()..]).then_some(*scale));
    let milliseconds = scale.and_then(|scale| whole(digits)?.checked_mul(scale)).map(Duration::from_millis);
    match milliseconds {
        None => Err(format!("{text:?} is not a time: write it as in 250ms, 10s, 5m, 2h or 1d")),
        Some(time) if time < min || time > max => {
            Err(format!("{text:?} is out of range: {} to {} are allowed", spell(min), spell(max)))
        }
        Some(time) => Ok(time),
    }
}

/// A time as the user would write it.
pub(super) fn spell(time: Duration) -> String {
    let milliseconds = time.as_millis();
    let fits = |(_, scale): &&(&str, u64)| milliseconds.is_multiple_of(u128::from(*scale));
    match UNITS.iter().rev().find(fits) {
        Some((unit, scale)) if milliseconds > 0 => format!("{}{unit}", milliseconds / u128::from(*scale)),
        _ => "0s".to_owned(),
    }
}

/// A number of bytes, as such or in KiB, MiB, GiB: `64K`, `10M`, `1G`.
pub(super) fn size(text: &str, min: u64, max: u64) -> Result<u64, String> {
    let (digits, shift) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (&text[..text.len() - 1], 10),
        Some(b'm' | b'M') => (&text[..text.len() - 1], 20),
        Some(b'g' | b'G') => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    match whole(digits).and_then(|number| number.checked_mul(1 << shift)) {
        None => Err(format!("{text:?} is not a size: write bytes, or KiB, MiB, GiB as in 64K, 10M, 1G")),
        Some(bytes) if bytes < min || bytes > max => {
            Err(format!("{text:?} is out of range: {min} to {max} bytes are allowed"))
        }
        Some(bytes) => Ok(bytes),
    }
}

/// Digits and nothing else.
fn whole(digits: &str) -> Option<u64> {
    let only_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    only_digits.then(|| digits.parse().ok()).flatten()
}

/// The candidate that `text` is most likely a misspelling of.
pub(super) fn similar<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|word| (strsim::jaro(&text.to_lowercase(), &word.to_lowercase()), word))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, word)| word)
}

/// `; did you mean …?`, or nothing.
pub(crate) fn hint<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> String {
    similar(text, candidates).map(|word| format!("; did you mean {word}?")).unwrap_or_default()
}

pub(super) fn not_empty(text: &str) -> Result<&str, String> {
    match text {
        "" => Err("it is empty: leave the key out for the default".to_owned()),
        _ if text.contains('\0') => Err(format!("{text:?} has a zero byte")),
        _ => Ok(text),
    }
}

/// `host:port` each, several in one string with commas between them; `port` is the usual one.
pub(super) fn addresses(texts: &[String], port: u16) -> Result<Vec<String>, String> {
    let mut addresses: Vec<String> = Vec::new();
    for text in texts.iter().flat_map(|text| text.split(',')).map(str::trim) {
        let address = address(text, port)?;
        if addresses.contains(&address) {
            return Err(format!("{text:?} is given twice"));
        }
        addresses.push(address);
    }
    if addresses.is_empty() { Err("there is no address: write host:port".to_owned()) } else { Ok(addresses) }
}

fn address(text: &str, usual: u16) -> Result<String, String> {
    let wrong =
        || format!("{text:?} is not an address: write host:port, as in 127.0.0.1:{usual} or [::1]:{usual}");
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host_fits = match bare {
        Some(host) => host.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty() && !host.contains([':', '[', ']', '/']) && !host.contains(char::is_whitespace)
        }
    };
    let port_fits = whole(port).is_some_and(|port| (1..=u64::from(u16::MAX)).contains(&port));
    if host_fits && port_fits { Ok(text.to_owned()) } else { Err(wrong()) }
}

/// `host:port` or `unix:/path`.
pub(super) fn listen(text: &str) -> Result<Listen, String> {
    match text.strip_prefix("unix:") {
        Some(path) if path.starts_with('/') => Ok(Listen::Unix(PathBuf::from(not_empty(path)?))),
        Some(_) => Err(format!("{text:?} is not a socket's path: write unix:/path")),
        None => address(text, 8080).map(Listen::Tcp).map_err(|error| format!("{error}, or unix:/path")),
    }
}

/// A path of znodes, without a slash at its end.
pub(super) fn znode(text: &str) -> Result<String, String> {
    let fits = |part: &str| {
        !part.is_empty() && part != "." && part != ".." && !part.contains(|c: char| c.is_control())
    };
    if text.strip_prefix('/').is_some_and(|rest| rest.split('/').all(fits)) {
        return Ok(text.to_owned());
    }
    Err(format!("{text:?} is not a znode: write a path from the root, as in \"/shop/workers\""))
}

pub(super) fn tube(text: &str) -> Result<String, String> {
    let fits = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '/' | ';' | '.' | '$' | '_' | '(' | ')')
    };
    if text.is_empty() || text.len() > TUBE_BYTES_MAX || text.starts_with('-') || !text.chars().all(fits) {
        return Err(format!(
            "{text:?} is not the name of a tube: up to {TUBE_BYTES_MAX} letters, digits and any of -+/;.$_(), and no - \
             at the front"
        ));
    }
    Ok(text.to_owned())
}

pub(super) fn user(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains([':', '/', '\0']) || text.contains(char::is_whitespace) {
        return Err(format!("{text:?} is not the name of a user"));
    }
    Ok(text.to_owned())
}

/// Octal digits.
pub(super) fn umask(text: &str) -> Result<u32, String> {
    let digits = (1..=4).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    let mask = digits.then(|| u32::from_str_radix(text, 8).ok()).flatten().filter(|mask| *mask <= 0o777);
    mask.ok_or_else(|| format!("{text:?} is not a mask: write octal digits up to \"777\", as in \"027\""))
}

/// Names of variables without `=`.
pub(super) fn variables(map: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, String> {
    let wrong = |(name, value): (&String, &String)| match () {
        () if name.is_empty() || name.contains(['=', '\0']) => {
            Some(format!("{name:?} is not the name of a variable"))
        }
        () if value.contains('\0') => Some(format!("the value of {name} has a zero byte")),
        () => None,
    };
    let wrong: Vec<String> = map.iter().filter_map(wrong).collect();
    if wrong.is_empty() { Ok(map) } else { Err(wrong.join("; ")) }
}

/// A file for output, or `-`.
pub(super) fn log_path(text: &str) -> Result<String, String> {
    let text = template(not_empty(text)?, &["program", "index"])?;
    if text.ends_with('/') {
        return Err(format!("{text:?} is a directory: name a file, as in \"{text}{{program}}.log\""));
    }
    Ok(text)
}

/// A text in which each `{name}` is one of `names`.
pub(super) fn template(text: &str, names: &[&str]) -> Result<String, String> {
    let allowed = || names.iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(", ");
    for part in text.split('{').skip(1) {
        let name = part.split_once('}').map(|(name, _)| name);
        if !name.is_some_and(|name| names.contains(&name)) {
            return Err(format!("{text:?} has a {{ that begins none of {}", allowed()));
        }
    }
    Ok(text.to_owned())
}

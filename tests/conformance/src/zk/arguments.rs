//! What random requests are made of: paths, data, versions, lists, identities, good and bad ones.

use fastrand::Rng;

use super::requests::{ALL, OPEN};

/// Nodes of a sequence; few, so that requests meet.
pub(super) const NODES: &[&str] =
    &["~", "~/a", "~/a", "~/a", "~/b", "~/b", "~/a/x", "~/a/x", "~/a/y", "~/a/x/deep", "~/e"];
/// What sequential nodes are likely to be called.
const NUMBERED: &[&str] =
    &["~/a0000000000", "~/a0000000001", "~/a/0000000000", "~/q-0000000002", "~/a/q-0000000001"];
/// Paths that are none, or hardly.
const BAD_PATHS: &[&str] = &[
    "",
    "a",
    "/",
    "//",
    "~/",
    "~//a",
    "~/a/",
    "~/a//",
    "~/.",
    "~/..",
    "~/a/.",
    "~/a/../b",
    "~/a/./x",
    "~/...",
    "~/.a",
    "~/a..",
    "~/\0",
    "~/a\0",
    "~/a/\u{1}",
    "~/\u{1f}",
    "~/ ",
    "~/\u{7e}",
    "~/\u{7f}",
    "~/\u{9f}",
    "~/\u{a0}",
    "~/ä",
    "~/\u{d7ff}",
    "~/\u{e000}",
    "~/\u{f8ff}",
    "~/\u{f900}",
    "~/\u{ffef}",
    "~/\u{fff0}",
    "~/\u{ffff}",
    "~/\u{1f333}",
    "~/missing/child",
    "~/missing/",
    "~/missing/\0",
    "~/missing//a",
    "~/e/child",
    "/zookeeper",
    "/zookeeper/",
    "/zookeeper/config",
    "/zookeeper/quota",
    "/zookeeper/quota/",
    "/missing",
];
const VERSIONS: &[i32] = &[-1, -1, -1, -1, 0, 0, 0, 1, 1, 2, 3, -2, 100, i32::MAX, i32::MIN];
const DATA: &[Option<&[u8]>] =
    &[None, Some(b""), Some(b"a"), Some(b"hello"), Some(b"\0\xff\x80"), Some(&[b'x'; 300])];

/// Persistent, ephemeral, each with a number or without, container, with a time to live, that with a number.
pub(super) const MODES: &[i32] = &[0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 5, 6];
pub(super) const BAD_MODES: &[i32] = &[7, 8, 9, -1, i32::MAX, i32::MIN];
/// Times to live in milliseconds, none of which ends while a sequence runs. The longest fits in 40 bits.
pub(super) const TIMES_TO_LIVE: &[i64] = &[3_600_000, 10_000_000, 0xff_ffff_ffff];
pub(super) const BAD_TIMES_TO_LIVE: &[i64] = &[0, -1, -2, i64::MIN, i64::MAX, 0x100_0000_0000];

/// Credentials, with the right and with no password, or no credentials at all.
pub(super) const CREDENTIALS: &[(&str, &str)] = &[
    ("digest", "alice:secret"),
    ("digest", "alice:secret"),
    ("digest", "alice:secret"),
    ("digest", "bob:secret"),
    ("digest", "bob:secret"),
    ("digest", "bob:wrong"),
    ("digest", "super:secret"),
    ("digest", "super:wrong"),
    ("digest", "nobody"),
    ("digest", ""),
    ("ip", ""),
    ("ip", "127.0.0.1"),
    ("world", "anyone"),
    ("auth", ""),
    ("none", "such"),
    ("", ""),
    ("x509", ""),
    ("sasl", "alice"),
];

const ALICE: &str = "alice:aYXlLOpEooaV1cRAvUL1fp9Qt7E=";
const BOB: &str = "bob:fyVmFCwVbTJYrznoSu1koqYEYF0=";

/// Whom an entry of an access control list may mean.
const IDENTITIES: &[(&str, &str)] = &[
    ("world", "anyone"),
    ("world", "anyone"),
    ("auth", ""),
    ("auth", "ignored"),
    ("digest", ALICE),
    ("digest", ALICE),
    ("digest", BOB),
    ("ip", "127.0.0.1"),
    ("ip", "127.0.0.0/8"),
    ("ip", "10.0.0.0/8"),
    ("ip", "0.0.0.0/0"),
];
const BAD_IDENTITIES: &[(&str, &str)] = &[
    ("world", "nobody"),
    ("world", ""),
    ("digest", "no colon"),
    ("digest", "a:b:c"),
    ("digest", ""),
    ("ip", "127.0.0.1/33"),
    ("ip", "127.0.0.1/-1"),
    ("ip", "127.0.0.1/"),
    ("ip", "127.0.0"),
    ("ip", "256.0.0.1"),
    ("ip", ""),
    ("none", "such"),
    ("", ""),
    ("super", "super"),
    ("sasl", "alice"),
    ("x509", "CN=alice"),
];
const PERMISSIONS: &[i32] = &[ALL, ALL, 1, 2, 4, 8, 16, 3, 7, 12, 15, 17, 30, 0, -1, 32, i32::MIN];

/// One of these.
pub(super) fn pick<T: Copy>(rng: &mut Rng, choices: &[T]) -> T {
    choices[rng.usize(..choices.len())]
}

/// A path; now and then one that is none.
pub(super) fn path(rng: &mut Rng) -> &'static str {
    match rng.u8(0..20) {
        0 => pick(rng, BAD_PATHS),
        1 => pick(rng, NUMBERED),
        _ => pick(rng, NODES),
    }
}

pub(super) fn data(rng: &mut Rng) -> Option<&'static [u8]> {
    pick(rng, DATA)
}

pub(super) fn version(rng: &mut Rng) -> i32 {
    pick(rng, VERSIONS)
}

/// A list that is open in most cases, so that sequences come to something.
pub(super) fn acl(rng: &mut Rng, open_in: u8) -> Vec<(i32, &'static str, &'static str)> {
    if rng.u8(0..open_in) > 0 {
        return OPEN.to_vec();
    }
    let entry = |rng: &mut Rng| {
        let identities = if rng.u8(0..16) == 0 { BAD_IDENTITIES } else { IDENTITIES };
        let (scheme, id) = pick(rng, identities);
        (pick(rng, PERMISSIONS), scheme, id)
    };
    let mut list: Vec<_> = (0..pick(rng, &[0, 1, 1, 1, 1, 1, 2, 2, 3])).map(|_| entry(rng)).collect();
    if rng.u8(0..8) == 0
        && let Some(first) = list.first().copied()
    {
        list.push(first);
    }
    list
}

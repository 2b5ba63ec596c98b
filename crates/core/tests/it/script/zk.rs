//! ZooKeeper's part of the scripts' language: from words to commands and questions, and from replies to text.

use std::borrow::Cow;
use std::collections::BTreeMap;

use trellis_core::State;
use trellis_core::snapshot::ZnodeRecord;
use trellis_core::zk::{
    Acl, AclEntry, Command, CreateMode, Error, EventKind, Identities, ListingStart, MultiRead, Op, OpResult,
    Password, Permissions, Query, QuotaExcess, ReadResult, Reply, Stat,
};

use super::{Shown, number, option, show_body, show_connection, show_numbers};

/// The letters of permissions, from the lowest bit.
const LETTERS: [char; 5] = ['r', 'w', 'c', 'd', 'a'];

pub(super) fn identities(words: &[&str]) -> Result<Vec<u8>, String> {
    let pairs: Option<Vec<_>> = words.iter().map(|word| word.split_once(':')).collect();
    Ok(Identities::encode(pairs.ok_or("an identity is SCHEME:ID")?))
}

pub(super) fn decode_identities(bytes: &[u8]) -> Identities<'_> {
    Identities::decode(bytes).expect("these were just encoded")
}

pub(super) fn expire(id: &str) -> Result<Command<'static>, String> {
    Ok(Command::ExpireSession { session: number(id)? })
}

/// What a command borrows and no word has as it is.
pub(super) struct Encoded {
    password: Password,
    acls: BTreeMap<String, Vec<u8>>,
}

impl Encoded {
    pub(super) fn new(words: &[&str]) -> Result<Self, String> {
        let session: u8 = words.first().and_then(|word| word.parse().ok()).unwrap_or(0);
        let mut acls = BTreeMap::new();
        for list in words.iter().filter_map(|word| word.strip_prefix("acl=")) {
            acls.insert(list.to_owned(), encode_acl(list)?);
        }
        Ok(Encoded { password: [session; 16], acls })
    }

    fn acl(&self, words: &[&str]) -> Acl<'_> {
        let list = words.iter().find_map(|word| word.strip_prefix("acl="));
        list.map_or(Acl::OPEN, |list| Acl::decode(&self.acls[list]).expect("it was just encoded"))
    }
}

pub(super) fn command<'a>(
    verb: &str,
    words: &[&'a str],
    identities: Identities<'a>,
    encoded: &'a Encoded,
) -> Result<Command<'a>, String> {
    let timeout_ms = option(words, "timeout")?.unwrap_or(10_000);
    let enforce_quota = !words.contains(&"lax");
    let command = match (verb, words) {
        ("create-session", [id, ..]) => {
            Command::CreateSession { session: number(id)?, password: encoded.password, timeout_ms }
        }
        ("attach-session", [id, options @ ..]) => {
            let password = if options.contains(&"wrong-password") { b"wrong" } else { &encoded.password[..] };
            Command::AttachSession { session: number(id)?, password, timeout_ms }
        }
        ("close-session", []) => Command::CloseSession,
        ("refuse", [code]) => {
            Command::Refuse { error: Error::from_code(number(code)?).ok_or("there is no such error")? }
        }
        ("multi", words) => {
            let ops = words.split(|word| *word == ";").filter(|words| !words.is_empty());
            let ops: Result<_, String> = ops.map(|words| op(words[0], &words[1..], encoded)).collect();
            Command::Multi { ops: ops?, identities, enforce_quota }
        }
        _ => Command::Op { op: op(verb, words, encoded)?, identities, enforce_quota },
    };
    Ok(command)
}

fn op<'a>(verb: &str, words: &[&'a str], encoded: &'a Encoded) -> Result<Op<'a>, String> {
    if let ("refuse", [code]) = (verb, words) {
        return Ok(Op::Refuse { error: Error::from_code(number(code)?).ok_or("there is no such error")? });
    }
    let [path, options @ ..] = words else { return Err("a path is missing".into()) };
    let path = path.trim_start_matches('"');
    let has = |option: &str| options.contains(&option);
    let data = options.iter().find_map(|option| option.strip_prefix('"')).map(str::as_bytes);
    let version = option(options, "version")?.unwrap_or(-1);
    let acl = encoded.acl(options);
    let op = match verb {
        "create" => {
            let mode = match option(options, "ttl")? {
                Some(ttl_ms) => CreateMode::Ttl { ttl_ms },
                None if has("ephemeral") => CreateMode::Ephemeral,
                None if has("container") => CreateMode::Container,
                None => CreateMode::Persistent,
            };
            Op::Create { path, data, acl, mode, sequential: has("sequential"), want_stat: has("stat") }
        }
        "delete" => Op::Delete { path, version },
        "set" => Op::SetData { path, data, version },
        "set-acl" => Op::SetAcl { path, acl, version },
        "check" => Op::Check { path, version },
        _ => return Err("no such command".into()),
    };
    Ok(op)
}

pub(super) fn query<'a>(verb: &str, words: &[&'a str]) -> Result<Option<Query<'a>>, String> {
    let path = || words.first().map(|word| plain(word)).ok_or("a path is missing");
    let query = match verb {
        "get" => Query::GetData { path: path()? },
        "exists" => Query::Exists { path: path()? },
        "children" => Query::GetChildren { path: path()? },
        "children2" => Query::GetChildren2 { path: path()? },
        "number" => Query::GetAllChildrenNumber { path: path()? },
        "ephemerals" => Query::GetEphemerals { prefix: path()? },
        "get-acl" => Query::GetAcl { path: path()? },
        "sync" => Query::Sync { path: path()? },
        "multi-read" => {
            let reads: Result<_, String> = words.split(|word| *word == ";").map(read).collect();
            Query::MultiRead { reads: reads? }
        }
        "set-watches" => Query::SetWatches {
            zxid: number(words.first().ok_or("a transaction is missing")?)?,
            data: paths(words, "data="),
            exist: paths(words, "exist="),
            child: paths(words, "child="),
        },
        _ => return Ok(None),
    };
    Ok(Some(query))
}

fn read<'a>(words: &[&'a str]) -> Result<MultiRead<'a>, String> {
    match words {
        ["get", path] => Ok(MultiRead::GetData { path: plain(path) }),
        ["children", path] => Ok(MultiRead::GetChildren { path: plain(path) }),
        _ => Err("a question of several is get PATH or children PATH".into()),
    }
}

fn paths<'a>(words: &[&'a str], option: &str) -> Vec<Cow<'a, str>> {
    words.iter().filter_map(|word| word.strip_prefix(option)).map(Cow::Borrowed).collect()
}

fn plain(word: &str) -> Cow<'_, str> {
    Cow::Borrowed(word.trim_start_matches('"'))
}

fn encode_acl(list: &str) -> Result<Vec<u8>, String> {
    let mut entries = Vec::new();
    for entry in list.split(',').filter(|entry| !entry.is_empty()) {
        let mut parts = entry.splitn(3, ':');
        let (Some(letters), Some(scheme), Some(id)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(format!("{entry} is not PERMISSIONS:SCHEME:ID"));
        };
        let bits = LETTERS.iter().enumerate().filter(|(_, letter)| letters.contains(**letter));
        entries.push((Permissions(bits.map(|(bit, _)| 1 << bit).sum()), scheme, id));
    }
    Ok(Acl::encode(entries))
}

pub(super) fn show_reply(reply: &Reply<'_>) -> String {
    match reply {
        Reply::SessionOpened { session, timeout_ms, .. } => format!("session {session} timeout={timeout_ms}"),
        Reply::SessionRefused => "session-refused".into(),
        Reply::SessionClosed => "session-closed".into(),
        Reply::Created { path, stat } => show_created(path, stat.as_ref()),
        Reply::Deleted => "deleted".into(),
        Reply::DataSet { stat } => format!("data-set{}", show_stat(stat)),
        Reply::AclSet { stat } => format!("acl-set{}", show_stat(stat)),
        Reply::Checked => "checked".into(),
        Reply::Multi(results) => {
            let results: Vec<_> = results.iter().map(show_result).collect();
            format!("multi {}", results.join(" ; ")).trim_end().into()
        }
        Reply::MultiFailed { count, failed, error } => {
            format!("operation {failed} of {count}: {error:?} {}", error.code())
        }
        Reply::Error(error) => format!("{error:?} {}", error.code()),
        Reply::Data { data, stat } => format!("data {}{}", show_data(*data), show_stat(stat)),
        Reply::Exists { stat } => format!("exists{}", show_stat(stat)),
        Reply::Children(children) => {
            format!("children [{}]", children.names().collect::<Vec<_>>().join(" "))
        }
        Reply::Children2 { children, stat } => {
            let names = children.names().collect::<Vec<_>>();
            assert_eq!((names.len(), names.is_empty()), (children.len(), children.is_empty()));
            format!("children [{}]{}", names.join(" "), show_stat(stat))
        }
        Reply::ChildrenNumber(number) => format!("number {number}"),
        Reply::Ephemerals(paths) => format!("ephemerals [{}]", paths.join(" ")),
        Reply::Acl { acl, stat } => {
            let entries: Vec<_> = acl.entries().map(|entry| show_acl_entry(&entry)).collect();
            format!("acl {}{}", entries.join(","), show_stat(stat))
        }
        Reply::MultiRead(results) => results.iter().map(show_read).collect::<Vec<_>>().join(" ; "),
        Reply::Synced { path } => format!("synced {path}"),
        Reply::Watches { data, exist, child } => {
            let missed = |events: &[Option<EventKind>]| {
                let shown: Vec<_> = events.iter().map(|event| event.map_or("nothing", show_event)).collect();
                shown.join(",")
            };
            format!("missed data [{}] exist [{}] child [{}]", missed(data), missed(exist), missed(child))
        }
    }
}

pub(super) fn show_listing(start: &ListingStart) -> String {
    format!("#{} list of {}{}", start.zxid, start.len, show_stat(&start.stat))
}

fn show_created(path: &str, stat: Option<&Stat>) -> String {
    format!("created {path}{}", stat.map(show_stat).unwrap_or_default())
}

fn show_result(result: &OpResult<'_>) -> String {
    match result {
        OpResult::Created { path, stat } => show_created(path, stat.as_ref()),
        OpResult::Deleted => "deleted".into(),
        OpResult::DataSet { stat } => format!("data-set{}", show_stat(stat)),
        OpResult::AclSet { stat } => format!("acl-set{}", show_stat(stat)),
        OpResult::Checked => "checked".into(),
    }
}

fn show_read(result: &ReadResult<'_>) -> String {
    match result {
        ReadResult::Data { data, stat } => format!("data {}{}", show_data(*data), show_stat(stat)),
        ReadResult::Children(children) => {
            format!("children [{}]", children.names().collect::<Vec<_>>().join(" "))
        }
        ReadResult::Error(error) => format!("{error:?} {}", error.code()),
    }
}

fn show_data(data: Option<&[u8]>) -> String {
    data.map_or("none".into(), show_body)
}

fn show_acl_entry(entry: &AclEntry<'_>) -> String {
    let letters = LETTERS.iter().enumerate().filter(|(bit, _)| entry.permissions.0 >> bit & 1 == 1);
    format!("{}:{}:{}", letters.map(|(_, letter)| letter).collect::<String>(), entry.scheme, entry.id)
}

pub(super) fn show_event(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Created => "created",
        EventKind::Deleted => "deleted",
        EventKind::DataChanged => "data-changed",
        EventKind::ChildrenChanged => "children-changed",
    }
}

pub(super) fn show_excess(excess: &QuotaExcess<'_>) -> String {
    let QuotaExcess { path, resource, found, limit, hard } = excess;
    let kind = if *hard { "hard" } else { "soft" };
    format!("{path} has {found} {resource:?}, more than the {kind} limit of {limit}")
}

fn show_stat(stat: &Stat) -> String {
    show_numbers(&[
        ("czxid", stat.czxid),
        ("mzxid", stat.mzxid),
        ("pzxid", stat.pzxid),
        ("ctime", stat.ctime),
        ("mtime", stat.mtime),
        ("version", stat.version.into()),
        ("cversion", stat.cversion.into()),
        ("aversion", stat.aversion.into()),
        ("owner", stat.ephemeral_owner),
        ("length", stat.data_length.into()),
        ("children", stat.num_children.into()),
    ])
}

pub(super) fn show_znode(znode: &ZnodeRecord<'_>) -> String {
    let numbers = show_numbers(&[
        ("mzxid", znode.facts.mzxid),
        ("version", znode.facts.version.into()),
        ("cversion", znode.facts.cversion.into()),
    ]);
    format!("znode {:?} {}{numbers}", znode.name, show_data(znode.data))
}

pub(super) fn show_sessions(state: &State, out: &mut Shown) {
    for session in state.zk_sessions() {
        let connection = session.connection.map_or("nobody".to_owned(), |id| show_connection(id, 'z'));
        out.line(format_args!("session {} of {connection} timeout={}", session.session, session.timeout_ms));
    }
}

pub(super) fn show_totals(state: &State, out: &mut Shown) {
    let totals = state.zk_totals();
    let numbers = show_numbers(&[
        ("znodes", totals.znodes),
        ("ephemerals", totals.ephemerals),
        ("data-bytes", totals.data_bytes),
        ("path-bytes", totals.path_bytes),
        ("sessions", totals.sessions),
    ]);
    out.line(format_args!("#{} totals{numbers}", state.zxid()));
}

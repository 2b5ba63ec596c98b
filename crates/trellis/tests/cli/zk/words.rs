//! Answers and events of a server as a script has them, one JSON object a line. What is 0 in a record is left out.

use serde_json::{Map, Value, json};
use trellis_zk_codec::{
    Acl, ClientInfo, ErrorCode, Event, EventKind, KeeperState, Op, OperationResult, Reply, ReplyHeader,
    Request, Stat,
};

/// The fields of a record.
const FIELDS: [&str; 11] = [
    "czxid",
    "mzxid",
    "ctime",
    "mtime",
    "version",
    "cversion",
    "aversion",
    "ephemeral_owner",
    "data_length",
    "num_children",
    "pzxid",
];

/// A request as a script has it: as for debugging, but data as text.
pub(super) fn describe_request(request: &Request<'_>) -> String {
    let text = format!("{request:?}");
    let mut parts = text.split("Some([");
    let mut found = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (bytes, rest) = part.split_once("])").expect("what is opened is closed");
        let bytes: Option<Vec<u8>> = bytes.split(", ").map(|byte| byte.parse().ok()).collect();
        let text = bytes.unwrap_or_default().escape_ascii().to_string();
        found.push_str(&format!("Some(b\"{text}\"){rest}"));
    }
    found
}

/// The frame of an answer to a request.
pub(super) fn encode_reply(text: &str, xid: i32, op: Op) -> Result<Vec<u8>, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("{text}: {error}"))?;
    let error = value.get("error").and_then(Value::as_str).map(error_code).transpose()?;
    let header = ReplyHeader { xid, zxid: 0, error };
    let mut out = Vec::new();
    let encode = |reply: &Reply<'_>, out: &mut Vec<u8>| reply.encode(header, out);
    let string = |key: &str| value[key].as_str().unwrap_or_default();
    let number = |key: &str| value[key].as_i64().and_then(|number| i32::try_from(number).ok()).unwrap_or(0);
    let strings = |key: &str| -> Vec<&str> {
        value[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    };
    let stat = stat(&value["stat"]);
    match op {
        _ if error.is_some() => encode(&Reply::Empty, &mut out),
        Op::Create | Op::Sync => encode(&Reply::Path { path: string("path") }, &mut out),
        Op::Create2 | Op::CreateContainer | Op::CreateTtl => {
            encode(&Reply::PathAndStat { path: string("path"), stat }, &mut out);
        }
        Op::Exists | Op::SetData | Op::SetAcl => encode(&Reply::Stat(stat), &mut out),
        Op::GetData | Op::Reconfig => {
            let data = data(&value["data"])?;
            encode(&Reply::Data { data: data.as_deref(), stat }, &mut out);
        }
        Op::GetAcl => {
            let entries = triples(&value["acl"]);
            let acl: Vec<Acl<'_>> = entries
                .iter()
                .map(|(scheme, id, permissions)| Acl { permissions: *permissions, scheme, id })
                .collect();
            encode(&Reply::Acl { acl: acl.as_slice().into(), stat }, &mut out);
        }
        Op::GetEphemerals => {
            encode(&Reply::Children { children: strings("children").as_slice().into() }, &mut out);
        }
        Op::GetChildren2 => {
            let children = strings("children");
            encode(&Reply::ChildrenAndStat { children: children.as_slice().into(), stat }, &mut out);
        }
        Op::GetAllChildrenNumber => encode(&Reply::Count(number("count")), &mut out),
        Op::AddWatch => encode(&Reply::Code(0), &mut out),
        Op::WhoAmI => {
            let entries = triples(&value["clients"]);
            let clients: Vec<ClientInfo<'_>> =
                entries.iter().map(|(scheme, user, _)| ClientInfo { scheme, user }).collect();
            encode(&Reply::Clients(clients.as_slice().into()), &mut out);
        }
        Op::Multi => {
            let results = strings("results").into_iter().map(|word| match word {
                "Delete" => Ok(OperationResult::Delete),
                "Undone" => Ok(OperationResult::Undone),
                word => error_code(word).map(OperationResult::Error),
            });
            let results: Vec<OperationResult<'_>> = results.collect::<Result<_, _>>()?;
            encode(&Reply::Results(results.as_slice().into()), &mut out);
        }
        _ => encode(&Reply::Empty, &mut out),
    }
    Ok(out)
}

/// An answer as a script has it.
pub(super) fn describe_reply(error: Option<ErrorCode>, reply: &Reply<'_>) -> String {
    if let Some(error) = error {
        return json!({ "error": error.name() }).to_string();
    }
    let value = match *reply {
        Reply::Path { path } => json!({ "path": path }),
        Reply::PathAndStat { path, stat } => json!({ "path": path, "stat": describe_stat(&stat) }),
        Reply::Stat(stat) => json!({ "stat": describe_stat(&stat) }),
        Reply::Data { data, stat } => json!({ "data": describe_data(data), "stat": describe_stat(&stat) }),
        Reply::Acl { acl, stat } => {
            let acl: Vec<Value> =
                acl.iter().map(|acl| json!([acl.scheme, acl.id, acl.permissions])).collect();
            json!({ "acl": acl, "stat": describe_stat(&stat) })
        }
        Reply::Children { children } => json!({ "children": children.iter().collect::<Vec<_>>() }),
        Reply::ChildrenAndStat { children, stat } => {
            json!({ "children": children.iter().collect::<Vec<_>>(), "stat": describe_stat(&stat) })
        }
        Reply::Count(count) => json!({ "count": count }),
        Reply::Clients(clients) => {
            let clients: Vec<Value> =
                clients.iter().map(|client| json!([client.scheme, client.user, 0])).collect();
            json!({ "clients": clients })
        }
        Reply::Results(results) => {
            let results: Vec<String> = results
                .iter()
                .map(|result| match result {
                    OperationResult::Error(code) => code.name().to_owned(),
                    other => format!("{other:?}"),
                })
                .collect();
            json!({ "results": results })
        }
        Reply::Empty | Reply::Code(_) | Reply::Token(_) => json!({}),
    };
    value.to_string()
}

/// The frame of an event.
pub(super) fn encode_event(text: &str) -> Result<Vec<u8>, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("{text}: {error}"))?;
    let name = value["event"].as_str().unwrap_or_default();
    let kind = EventKind::ALL.iter().find(|kind| format!("{kind:?}") == name);
    let kind = *kind.ok_or_else(|| format!("there is no event {name}"))?;
    let path = value["path"].as_str().unwrap_or_default();
    let mut out = Vec::new();
    Event { kind, state: KeeperState::SyncConnected, path }.encode(-1, &mut out);
    Ok(out)
}

/// An event as a script has it.
pub(super) fn describe_event(event: &Event<'_>) -> String {
    json!({ "event": format!("{:?}", event.kind), "path": event.path }).to_string()
}

fn error_code(name: &str) -> Result<ErrorCode, String> {
    let code = ErrorCode::ALL.iter().find(|code| code.name() == name);
    code.copied().ok_or_else(|| format!("there is no error {name}"))
}

fn stat(value: &Value) -> Stat {
    let long = |name: &str| value[name].as_i64().unwrap_or(0);
    let short = |name: &str| i32::try_from(long(name)).expect("a number of 32 bits");
    Stat {
        czxid: long("czxid"),
        mzxid: long("mzxid"),
        ctime: long("ctime"),
        mtime: long("mtime"),
        version: short("version"),
        cversion: short("cversion"),
        aversion: short("aversion"),
        ephemeral_owner: long("ephemeral_owner"),
        data_length: short("data_length"),
        num_children: short("num_children"),
        pzxid: long("pzxid"),
    }
}

fn describe_stat(stat: &Stat) -> Value {
    let values = [
        stat.czxid,
        stat.mzxid,
        stat.ctime,
        stat.mtime,
        stat.version.into(),
        stat.cversion.into(),
        stat.aversion.into(),
        stat.ephemeral_owner,
        stat.data_length.into(),
        stat.num_children.into(),
        stat.pzxid,
    ];
    let fields = FIELDS.iter().zip(values).filter(|(_, value)| *value != 0);
    Value::Object(fields.map(|(name, value)| ((*name).to_owned(), value.into())).collect::<Map<_, _>>())
}

/// Text, null, or the bytes of what is no text.
fn data(value: &Value) -> Result<Option<Vec<u8>>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.as_bytes().to_vec())),
        Value::Array(bytes) => {
            let byte = |value: &Value| value.as_u64().and_then(|byte| u8::try_from(byte).ok());
            bytes.iter().map(byte).collect::<Option<_>>().map(Some).ok_or_else(|| "no bytes".to_owned())
        }
        other => Err(format!("{other} is no data")),
    }
}

fn describe_data(data: Option<&[u8]>) -> Value {
    match data.map(str::from_utf8) {
        None => Value::Null,
        Some(Ok(text)) => text.into(),
        Some(Err(_)) => data.into(),
    }
}

/// Entries of two texts and a number.
fn triples(value: &Value) -> Vec<(&str, &str, i32)> {
    let mut triples = Vec::new();
    for entry in value.as_array().into_iter().flatten() {
        let number = entry[2].as_i64().and_then(|number| i32::try_from(number).ok());
        let texts = (entry[0].as_str().unwrap_or_default(), entry[1].as_str().unwrap_or_default());
        triples.push((texts.0, texts.1, number.expect("a number of 32 bits")));
    }
    triples
}

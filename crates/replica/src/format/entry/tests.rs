//! Every command comes back as it was written; damaged bytes are errors; the bytes of each version stay what they are.

use trellis_core::zk::{Acl, CreateMode, Error, Identities, Op, Permissions};
use trellis_core::{tube, zk};

use super::*;
use crate::format::golden;

const CONNECTION: ConnectionId = ConnectionId::new(7, 5);

fn tube_commands() -> Vec<tube::Command<'static>> {
    use tube::Command as C;
    vec![
        C::Open,
        C::Use { tube: "mail" },
        C::Watch { tube: "a" },
        C::Ignore { tube: "default" },
        C::Put { priority: 1, delay: 2, ttr: 3, body: b"hello" },
        C::Put { priority: u32::MAX, delay: 0, ttr: 0, body: b"" },
        C::SkipId,
        C::Reserve { timeout: None },
        C::Reserve { timeout: Some(7) },
        C::ReserveJob { id: 8 },
        C::Delete { id: u64::MAX },
        C::Release { id: 1, priority: 2, delay: 3 },
        C::Bury { id: 1, priority: 2 },
        C::Touch { id: 1 },
        C::Kick { bound: 9 },
        C::KickJob { id: 9 },
        C::PauseTube { tube: "mail", delay: 60 },
        C::HalfClose,
        C::Close,
    ]
}

/// What of the log's bytes borrows from elsewhere.
struct Encoded {
    acl: Vec<u8>,
    identities: Vec<u8>,
}

impl Encoded {
    fn new() -> Self {
        Encoded {
            acl: Acl::encode([(Permissions::READ, "ip", "10.0.0.0/8"), (Permissions::ALL, "digest", "a:b")]),
            identities: Identities::encode([("ip", "127.0.0.1"), ("digest", "a:b")]),
        }
    }

    fn create(&self, mode: CreateMode) -> Op<'_> {
        let acl = Acl::decode(&self.acl).unwrap();
        let (path, data) = ("/a/b", Some(&b"data"[..]));
        Op::Create { path, data, acl, mode, sequential: false, want_stat: true }
    }

    fn ops(&self) -> Vec<Op<'_>> {
        let modes = [
            CreateMode::Persistent,
            CreateMode::Ephemeral,
            CreateMode::Container,
            CreateMode::Ttl { ttl_ms: -9 },
        ];
        let mut ops: Vec<_> = modes.into_iter().map(|mode| self.create(mode)).collect();
        let (path, data, acl, mode) = ("", None, Acl::OPEN, CreateMode::Persistent);
        ops.extend([
            Op::Create { path, data, acl, mode, sequential: true, want_stat: false },
            Op::Delete { path: "/ä", version: -1 },
            Op::SetData { path: "/a", data: Some(b""), version: 3 },
            Op::SetData { path: "/a", data: None, version: i32::MIN },
            Op::SetAcl { path: "/a", acl: Acl::READ, version: 5 },
            Op::Check { path: "/a", version: i32::MAX },
            Op::Refuse { error: Error::BadArguments },
        ]);
        ops
    }

    fn zk_commands(&self) -> Vec<zk::Command<'_>> {
        use zk::Command as C;
        let identities = Identities::decode(&self.identities).unwrap();
        let (session, password, timeout_ms) = (i64::MIN, *b"sixteen bytes ..", 30_000);
        let mut commands = vec![
            C::CreateSession { session, password, timeout_ms },
            C::AttachSession { session, password: &[], timeout_ms },
            C::AttachSession { session: -1, password: b"other", timeout_ms: u32::MAX },
            C::CloseSession,
            C::ExpireSession { session: 0x1234_5678 },
            C::Multi { ops: self.ops(), identities, enforce_quota: false },
            C::Multi { ops: Vec::new(), identities: Identities::NONE, enforce_quota: true },
            C::Refuse { error: Error::MarshallingError },
        ];
        commands.extend(self.ops().into_iter().map(|op| C::Op { op, identities, enforce_quota: true }));
        commands
    }

    /// Everything that there is, in one batch.
    fn batch(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        Header::begin(7, 42, &mut bytes);
        encode_close_node(7, &mut bytes);
        for command in tube_commands() {
            encode_tube(CONNECTION, &command, &mut bytes);
        }
        for command in self.zk_commands() {
            encode_zk(CONNECTION, &command, &mut bytes);
        }
        seal(&mut bytes, Time(1_000_000), true);
        bytes
    }

    fn expected(&self) -> impl Iterator<Item = Command<'_>> {
        let connection = CONNECTION;
        let tube = tube_commands().into_iter().map(move |command| Command::Tube { connection, command });
        let zk = self.zk_commands().into_iter().map(move |command| Command::Zk { connection, command });
        [Command::CloseNode { node: 7 }].into_iter().chain(tube).chain(zk)
    }
}

/// The header and all commands.
fn decode_all(bytes: &[u8]) -> Result<(Header, Vec<Command<'_>>), FormatError> {
    let mut reader = Reader(bytes);
    let header = Header::decode(&mut reader)?;
    let mut commands = Vec::new();
    while !reader.is_empty() {
        commands.push(decode(&mut reader)?);
    }
    Ok((header, commands))
}

#[test]
fn commands_come_back_as_they_were() {
    let encoded = Encoded::new();
    let bytes = encoded.batch();
    let (header, commands) = decode_all(&bytes).unwrap();
    assert_eq!(header, Header { durable: true, node: 7, batch: 42, at: Time(1_000_000) });
    assert!(is_durable(&bytes));
    assert_eq!(commands, encoded.expected().collect::<Vec<_>>());
}

#[test]
fn a_multi_of_many_operations_comes_back() {
    let ops = vec![Op::Check { path: "/", version: 0 }; 100_000];
    let command = zk::Command::Multi { ops, identities: Identities::NONE, enforce_quota: true };
    let mut bytes = Vec::new();
    encode_zk(CONNECTION, &command, &mut bytes);
    assert_eq!(decode(&mut Reader(&bytes)), Ok(Command::Zk { connection: CONNECTION, command }));
}

#[test]
fn a_cut_batch_is_an_error_or_a_shorter_one_and_never_a_panic() {
    let encoded = Encoded::new();
    let bytes = encoded.batch();
    let whole = encoded.expected().count();
    for end in 0..bytes.len() {
        let decoded = decode_all(&bytes[..end]);
        assert!(
            decoded.is_err() || decoded.is_ok_and(|(_, commands)| commands.len() < whole),
            "cut at {end}"
        );
    }
    let mut newer = bytes.clone();
    newer[0] = VERSION + 1;
    assert_eq!(Header::decode(&mut Reader(&newer)), Err(FormatError::Version(VERSION + 1)));
}

#[test]
fn lengths_and_counts_that_lie_are_errors_before_there_is_room_for_them() {
    let encoded = Encoded::new();
    let bytes = encoded.batch();
    // Whatever they are taken for: it ends, and without asking for gigabytes.
    for place in 0..bytes.len() {
        for bit in 0..u8::BITS {
            let mut lies = bytes.clone();
            lies[place] ^= 1 << bit;
            let _ = decode_all(&lies);
        }
        let mut lies = bytes.clone();
        lies[place..].iter_mut().take(4).for_each(|byte| *byte = 0xfe);
        let _ = decode_all(&lies);
    }
    let multi = zk::Command::Multi { ops: Vec::new(), identities: Identities::NONE, enforce_quota: true };
    let mut lie = Vec::new();
    encode_zk(CONNECTION, &multi, &mut lie);
    let count = lie.len() - 4;
    lie[count..].copy_from_slice(&u32::MAX.to_le_bytes());
    lie.extend_from_slice(&[0; 1000]);
    assert_eq!(decode(&mut Reader(&lie)), Err(FormatError::Truncated));
}

#[test]
fn the_newest_version_is_what_it_was() {
    crate::format::assert_golden("batch-v3.bin", &Encoded::new().batch());
}

#[test]
fn version_2_is_still_read() {
    let bytes = golden("batch-v2.bin");
    assert_eq!(bytes[0], 2);
    let (_, commands) = decode_all(&bytes).unwrap();
    let encoded = Encoded::new();
    let is_older = |op: &Op<'_>| !matches!(op, Op::Refuse { .. });
    let expected = encoded.expected().filter_map(|mut command| match &mut command {
        Command::Zk { command: zk::Command::Op { op, .. }, .. } => is_older(op).then_some(command),
        Command::Zk { command: zk::Command::Multi { ops, .. }, .. } => {
            ops.retain(is_older);
            Some(command)
        }
        _ => Some(command),
    });
    assert_eq!(commands, expected.collect::<Vec<_>>());
}

#[test]
fn version_1_is_still_read() {
    let bytes = golden("batch-v1.bin");
    assert_eq!(bytes[0], 1);
    let (header, commands) = decode_all(&bytes).unwrap();
    assert_eq!(header, Header { durable: true, node: 7, batch: 42, at: Time(1_000_000) });
    let encoded = Encoded::new();
    let expected = encoded.expected().take_while(|command| !matches!(command, Command::Zk { .. }));
    assert_eq!(commands, expected.collect::<Vec<_>>());
}

//! Every command comes back as it was written; damaged bytes are errors; the bytes of version 1 stay what they are.

use super::*;

fn commands() -> Vec<tube::Command<'static>> {
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

fn batch() -> Vec<u8> {
    let mut bytes = Vec::new();
    Header::begin(7, 42, &mut bytes);
    encode_close_node(7, &mut bytes);
    for command in commands() {
        encode_tube(ConnectionId::new(7, 5), &command, &mut bytes);
    }
    seal(&mut bytes, Time(1_000_000), true);
    bytes
}

#[test]
fn commands_come_back_as_they_were() {
    let bytes = batch();
    let mut reader = Reader(&bytes);
    let header = Header::decode(&mut reader).unwrap();
    assert_eq!(header, Header { durable: true, node: 7, batch: 42, at: Time(1_000_000) });
    assert!(is_durable(&bytes));
    assert_eq!(decode(&mut reader).unwrap(), Command::CloseNode { node: 7 });
    for command in commands() {
        let connection = ConnectionId::new(7, 5);
        assert_eq!(decode(&mut reader).unwrap(), Command::Tube { connection, command });
    }
    assert!(reader.is_empty());
}

#[test]
fn a_cut_batch_is_an_error_and_never_a_panic() {
    let bytes = batch();
    for end in 0..bytes.len() {
        let mut reader = Reader(&bytes[..end]);
        let Ok(_) = Header::decode(&mut reader) else { continue };
        while !reader.is_empty() {
            if decode(&mut reader).is_err() {
                break;
            }
        }
    }
    let mut newer = bytes.clone();
    newer[0] = 2;
    assert_eq!(Header::decode(&mut Reader(&newer)), Err(FormatError::Version(2)));
}

#[test]
fn version_1_is_what_it_was() {
    crate::format::assert_golden("batch-v1.bin", &batch());
}

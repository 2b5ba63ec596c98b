//! What the workload with znodes sends, and that it notices wrong answers.

use super::*;
use crate::network::Protocol;

const LENGTH: u32 = BODY.len() as u32;

/// A reply's frame without an error.
fn answer(xid: i32, zxid: i64, body: &[u8]) -> Vec<u8> {
    let mut out = (16 + body.len() as u32).to_be_bytes().to_vec();
    out.extend(xid.to_be_bytes());
    out.extend(zxid.to_be_bytes());
    out.extend([0; 4]);
    out.extend(body);
    out
}

fn stat(mzxid: i64, data_length: u32) -> Vec<u8> {
    let mut out = vec![0; 68];
    out[8..16].copy_from_slice(&mzxid.to_be_bytes());
    out[52..56].copy_from_slice(&data_length.to_be_bytes());
    out
}

fn tell(workload: &mut Znodes, exchange: &mut Exchange, from: usize, wire: &[u8]) -> Result<()> {
    let (reply, length) = Zookeeper::reply(wire)?.unwrap();
    assert_eq!(length, wire.len());
    workload.reply(from, reply, exchange)
}

fn error(workload: &mut Znodes, from: usize, wire: &[u8]) -> String {
    let mut exchange = Exchange::new(2).unwrap();
    tell(workload, &mut exchange, from, wire).unwrap_err().to_string()
}

fn begun(mut workload: Znodes) -> Znodes {
    workload.begin(&mut Exchange::new(2).unwrap());
    workload
}

#[test]
fn paths_have_fourteen_bytes() {
    assert_eq!(&path(0), b"/bench/0000000");
    assert_eq!(&path(1_234_567), b"/bench/1234567");
    assert_eq!(&path(ZNODES_MAX - 1), b"/bench/9999999");
}

#[test]
fn each_znode_is_made_once() {
    let mut exchange = Exchange::new(2).unwrap();
    let mut workload = Znodes::each(Operation::Create, 3, 1);
    workload.begin(&mut exchange);
    for (from, xid, path) in [(1, 1, "/bench/0000001"), (0, 1, "/bench/0000000"), (1, 2, "/bench/0000002")] {
        assert!(!workload.finished());
        let body = [&14_u32.to_be_bytes(), path.as_bytes()].concat();
        tell(&mut workload, &mut exchange, from, &answer(xid, 5, &body)).unwrap();
    }
    assert!(workload.finished());
}

#[test]
fn a_load_ends_when_it_is_stopped_and_answered() {
    let mut exchange = Exchange::new(1).unwrap();
    let mut workload = Znodes::any(Operation::Set, 10, 1);
    workload.begin(&mut exchange);
    tell(&mut workload, &mut exchange, 0, &answer(1, 9, &stat(9, LENGTH))).unwrap();
    assert!(!workload.finished());
    workload.stop();
    assert!(!workload.finished());
    tell(&mut workload, &mut exchange, 0, &answer(2, 10, &stat(10, LENGTH))).unwrap();
    assert!(workload.finished());
}

#[test]
fn a_wrong_answer_is_an_error() {
    let set = || begun(Znodes::any(Operation::Set, 10, 1));
    assert_eq!(
        error(&mut set(), 0, &answer(2, 9, &stat(9, LENGTH))),
        "the server answered 2 where 1 was due"
    );
    assert!(error(&mut set(), 0, &answer(1, 9, &stat(9, 3))).starts_with("the length of znode"));
    assert!(error(&mut set(), 0, &answer(1, 9, &stat(8, LENGTH))).ends_with("by another transaction"));

    let get = || begun(Znodes::any(Operation::Get, 10, 1));
    let body = [&LENGTH.to_be_bytes(), &BODY[..], &stat(9, LENGTH)].concat();
    assert!(error(&mut get(), 0, &answer(1, 9, &body)).ends_with("has other data"));

    let mut create = begun(Znodes::each(Operation::Create, 2, 1));
    let body = [&14_u32.to_be_bytes(), &b"/bench/0000000"[..]].concat();
    assert_eq!(error(&mut create, 1, &answer(1, 9, &body)), "another path was made");
}

#[test]
fn a_growing_tree_is_asked_for_what_was_there_before() {
    let mut plan = Znodes::grow(10).plan;
    for round in 0..5 {
        assert!(matches!(plan.next(0, 2 * round), Some((Operation::Create, znode)) if znode == 10 + round));
        assert!(matches!(plan.next(0, 2 * round + 1), Some((Operation::Get, 0..10))));
    }
}

#[test]
fn visitors_keep_to_znodes_of_their_own() {
    let mut plan = Znodes::visit(10).plan;
    for done in [0, 3] {
        assert!(matches!(plan.next(2, done), Some((Operation::Create, 12))));
        assert!(matches!(plan.next(2, done + 1), Some((Operation::Exists, 12))));
        assert!(matches!(plan.next(2, done + 2), Some((Operation::Delete, 12))));
    }
}

#[test]
fn znodes_beyond_a_number_have_large_data() {
    let mut workload = Znodes::grow(10);
    assert_eq!(workload.data.of(9), [&[0, 0, 0, 0, 0, 0, 0, 9], &BODY[8..]].concat());
    assert_eq!(workload.data.of(10), [&[0, 0, 0, 0, 0, 0, 0, 10], &LARGE_BODY[8..]].concat());
}

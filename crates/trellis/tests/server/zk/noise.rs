//! Random bytes, and requests that are damaged at random.

use std::net::Shutdown;

use fastrand::Rng;
use trellis_zk_codec::Request;

use super::client::{CONNECT, Client, encode, encode_connect};
use super::wire::{Wire, framed};
use super::{others_go_on, samples};
use crate::server::Server;

const CLIENTS: usize = 400;
const GROWTH_MAX: usize = 32 * 1024 * 1024;

/// Numbers that programs stumble over.
const NUMBERS: [i32; 12] = [0, 1, 2, -1, -2, 100, 255, 65_536, 1 << 20, 1 << 30, i32::MAX, i32::MIN];

/// Something that a client might send by mistake or out of malice.
fn noise(rng: &mut Rng, valid: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = valid[rng.usize(0..valid.len())].clone();
    let place = rng.usize(0..bytes.len() - 3);
    let number = NUMBERS[rng.usize(0..NUMBERS.len())].to_be_bytes();
    match rng.u8(0..20) {
        // Whole frames, since the connection ends with the first one that isn't.
        0..=8 => bytes,
        9..=11 => {
            bytes[place.max(4)] = rng.u8(..);
            bytes
        }
        12..=14 => {
            let place = place.max(4).min(bytes.len() - 4);
            bytes[place..place + 4].copy_from_slice(&number);
            bytes
        }
        15..=16 => framed(&bytes[4..4 + rng.usize(8..bytes.len() - 3)]),
        17 => framed(&random_bytes(rng)),
        18 => {
            bytes[place..place + 4].copy_from_slice(&number);
            bytes
        }
        _ => random_bytes(rng),
    }
}

fn random_bytes(rng: &mut Rng) -> Vec<u8> {
    let count = rng.usize(1..60);
    std::iter::repeat_with(|| rng.u8(..)).take(count).collect()
}

#[test]
fn noise_hurts_nobody() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut rng = Rng::with_seed(seed);
    let mut valid: Vec<Vec<u8>> = samples::requests().iter().map(|request| encode(request, 9)).collect();
    valid.push(encode(&Request::Auth { kind: 0, scheme: "digest", credentials: Some(b"a:b") }, 9));
    valid.push(encode(&Request::Sasl { token: b"a token" }, 9));
    valid.push(encode(&Request::CloseSession, 9));
    valid.push(encode_connect(&CONNECT));

    let server = Server::zookeeper_in_memory(&[]);
    let mut others = Client::open(server.zookeeper());
    others_go_on(&mut others);
    let before = server.resident_bytes();
    for _ in 0..CLIENTS {
        let mut wire = match rng.u8(0..5) {
            0 => Wire::connect(server.zookeeper()),
            _ => Client::open(server.zookeeper()).wire,
        };
        for _ in 0..rng.usize(1..60) {
            if wire.try_send(&noise(&mut rng, &valid)).is_err() {
                break;
            }
        }
        // The server may have closed it.
        let _ = wire.socket().shutdown(Shutdown::Write);
        wire.rest();
        others_go_on(&mut others);
    }
    let growth = server.resident_bytes().saturating_sub(before);
    assert!(growth < GROWTH_MAX, "it grew by {growth} bytes");
}

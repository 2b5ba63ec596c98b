//! How many connections there may be.

use std::net::Ipv4Addr;
use std::time::Instant;

use super::client::{CONNECT, Client, LONG_MS, encode_connect};
use super::others_go_on;
use super::wire::Wire;
use crate::server::{DEADLINE, Server};

const CONNECTIONS_OF_AN_ADDRESS: usize = 60;
const OTHER_ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 3, 0, 1);

#[test]
fn an_address_may_have_only_so_many_connections() {
    let server = Server::zookeeper_in_memory(&[]);
    let mut clients: Vec<Client> =
        (1..CONNECTIONS_OF_AN_ADDRESS).map(|_| Client::open(server.zookeeper())).collect();
    // One that says nothing counts as well.
    let silent = Wire::connect(server.zookeeper());
    let mut other = Client::open_on(Wire::connect_from(OTHER_ADDRESS, server.zookeeper()), LONG_MS);
    for _ in 0..10 {
        Wire::connect(server.zookeeper()).assert_ended();
        others_go_on(&mut other);
    }
    clients.iter_mut().for_each(Client::ping);

    drop(silent);
    // The end of a connection is noticed soon, but who knows when.
    let deadline = Instant::now() + DEADLINE;
    let mut late = loop {
        let mut wire = Wire::connect(server.zookeeper());
        if wire.try_send(&encode_connect(&CONNECT)).is_ok()
            && wire.socket().peek(&mut [0]).is_ok_and(|count| count > 0)
        {
            break Client::welcomed(wire).expect("a session is begun");
        }
        assert!(Instant::now() < deadline, "there is still no room");
    };
    others_go_on(&mut late);
}

#[test]
fn a_connection_over_the_limit_of_all_is_closed_and_the_others_go_on() {
    let server = Server::zookeeper_in_memory(&["--max-connections", "3"]);
    let mut clients: Vec<Client> = (0..3).map(|_| Client::open(server.zookeeper())).collect();
    for _ in 0..10 {
        Wire::connect(server.zookeeper()).assert_ended();
        clients.iter_mut().for_each(others_go_on);
    }
}

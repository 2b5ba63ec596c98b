//! ZooKeeper's protocol over sockets: what its clients see of sessions, watches, bad input and load.

mod both;
pub(crate) mod client;
mod creations;
mod fill;
mod input;
mod limits;
mod many;
mod noise;
mod pipeline;
mod pulse;
mod samples;
mod sessions;
mod silence;
mod unread;
mod watches;
mod wide;
mod wire;
mod words;
mod zoo_cfg;

use trellis_zk_codec::ErrorCode;

use client::Client;

/// What a well-behaved client does must work as ever.
fn others_go_on(client: &mut Client) {
    client.create("/ordinary", b"data").expect("it is created");
    assert_eq!(client.get("/ordinary").expect("it is there"), b"data");
    client.delete("/ordinary").expect("it is deleted");
    assert_eq!(client.get("/ordinary"), Err(ErrorCode::NoNode));
}

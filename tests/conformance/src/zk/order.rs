//! A client that reads while others write must be told of a change before it can read it. In lockstep that cannot go
//! wrong by chance, so here both go on at once.

use std::net::SocketAddr;

use anyhow::{Result, bail};

use super::answer::View;
use super::client::{Client, Observed};
use super::operation::Operation;
use super::request::{Meaning, Request};
use super::requests;
use super::server::{Pace, Program, Server};
use super::side;

const ROUNDS: u32 = 300;
/// The reads that are on their way while another client writes.
const READS: usize = 40;
const NODE: &str = "/order";
const MEANING: Meaning<'_> = Meaning { own_node: "", newest_zxid: 0 };
const VIEW: View<'_> = View { own_node: "/none", first_zxid: 0, sessions: &[] };

/// Changes nodes of a fresh server while they are read.
pub(super) fn check(program: &Program) -> Result<String> {
    let server = Server::start(program, Pace::SLOW)?;
    check_at(server.address())
}

/// The same to a server that runs.
pub(super) fn check_at(address: SocketAddr) -> Result<String> {
    let mut between = 0;
    let mut clients = Clients::open(address)?;
    for round in 0..ROUNDS {
        let data = round.to_string();
        let change = if round % 2 == 0 {
            requests::set_data(NODE, Some(data.as_bytes()), -1)
        } else {
            requests::create(&format!("{NODE}/{data}"), None, 0)
        };
        between += u32::from(clients.race(&change, round % 2 == 0)?);
    }
    Ok(format!("{ROUNDS} changes, {between} of them seen by reads on their way"))
}

struct Clients {
    reader: Client,
    writer: Client,
}

impl Clients {
    fn open(address: SocketAddr) -> Result<Clients> {
        let (reader, mut writer) = (side::client(address)?, side::client(address)?);
        writer.ask(&requests::create(NODE, None, 0), MEANING)?;
        Ok(Clients { reader, writer })
    }

    /// Changes the node while it is read and watched. Returns whether the change came between the reads.
    fn race(&mut self, change: &Request, is_data: bool) -> Result<bool> {
        let operation = if is_data { Operation::GetData } else { Operation::GetChildren };
        let watch = [requests::read(operation, NODE, true)];
        let reads = vec![requests::read(operation, NODE, false); READS];
        let before = self.exchange(&watch)?;
        self.reader.send(&reads[..READS / 2], &[], MEANING)?;
        self.writer.send(std::slice::from_ref(change), &[], MEANING)?;
        self.reader.send(&reads[READS / 2..], &[], MEANING)?;
        let mut seen = Vec::new();
        self.reader.receive(VIEW, &mut seen)?;
        self.writer.receive(VIEW, &mut Vec::new())?;
        // By now it has been done; a ping brings the event if no read has.
        self.exchange_into(&[Request::new(Operation::Ping, vec![])], &mut seen)?;

        let old = value(&before[0]);
        let Some(event) = seen.iter().position(|observed| observed.is_event) else {
            bail!("{change} came without an event: {seen:?}");
        };
        let early = seen[..event].iter().find(|observed| value(observed) != old);
        if let Some(early) = early {
            bail!("{change} was read before its event: {}", early.text);
        }
        let late = seen[event + 1..seen.len() - 1].iter().find(|observed| value(observed) == old);
        if let Some(late) = late {
            bail!("{change} was not read after its event: {}", late.text);
        }
        Ok(event > 0 && event < READS)
    }

    fn exchange(&mut self, requests: &[Request]) -> Result<Vec<Observed>> {
        let mut seen = Vec::new();
        self.exchange_into(requests, &mut seen)?;
        Ok(seen)
    }

    fn exchange_into(&mut self, requests: &[Request], seen: &mut Vec<Observed>) -> Result<()> {
        self.reader.send(requests, &[], MEANING)?;
        self.reader.receive(VIEW, seen)
    }
}

/// What an answer holds behind its header.
fn value(observed: &Observed) -> Option<&str> {
    Some(observed.text.split_once(": ")?.1)
}

//! Stands between a client and a real server, and writes down what they say as a script has it.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use trellis_zk_codec::{Event, Op, Reply, ReplyHeader, Request, take_frame, xid};

use super::words;

/// What was said, and the requests that have no answer yet.
#[derive(Default)]
struct Record {
    lines: Vec<String>,
    unanswered: VecDeque<Op>,
    closed: bool,
}

/// A way to a real server that takes one client.
pub(crate) struct Recorder {
    /// Where the client is to come.
    pub(crate) address: SocketAddr,
    record: Arc<Mutex<Record>>,
    thread: JoinHandle<()>,
}

impl Recorder {
    /// Waits for a client and connects it to the server.
    pub(crate) fn start(server: &str) -> Recorder {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = TcpStream::connect(server).expect("the server that ZK_SERVER names");
        let record = Arc::new(Mutex::new(Record::default()));
        let shared = Arc::clone(&record);
        let thread = std::thread::spawn(move || {
            let client = listener.accept().expect("a client").0;
            let (to_server, to_client) = (server.try_clone(), client.try_clone());
            let (to_server, to_client) = (to_server.expect("a handle"), to_client.expect("a handle"));
            let there = Arc::clone(&shared);
            let requests = std::thread::spawn(move || pass_on(client, to_server, &there, request));
            pass_on(server, to_client, &shared, reply);
            requests.join().expect("no panic");
        });
        Recorder { address, record, thread }
    }

    /// What was said, and whether the session was closed. Only to be called once the client has ended.
    pub(crate) fn finish(self) -> (Vec<String>, bool) {
        if !self.thread.is_finished() {
            drop(TcpStream::connect(self.address));
        }
        self.thread.join().expect("no panic");
        let record = std::mem::take(&mut *self.record.lock().expect("no panic"));
        (record.lines, record.closed)
    }
}

/// Passes frames on, each written down before.
fn pass_on(mut from: TcpStream, mut to: TcpStream, record: &Mutex<Record>, write: fn(&mut Record, &[u8])) {
    let (mut input, mut chunk, mut is_handshake) = (Vec::new(), [0; 4096], true);
    while let Ok(bytes @ 1..) = from.read(&mut chunk) {
        input.extend_from_slice(&chunk[..bytes]);
        let mut rest = input.as_slice();
        while let Ok(Some(frame)) = take_frame(&mut rest, u32::MAX) {
            if !std::mem::take(&mut is_handshake) {
                write(&mut record.lock().expect("no panic"), frame);
            }
        }
        input = rest.to_vec();
        if to.write_all(&chunk[..bytes]).is_err() {
            break;
        }
    }
    // Either may be closed already.
    let _ = to.shutdown(Shutdown::Both);
}

fn request(record: &mut Record, frame: &[u8]) {
    match Request::decode(frame) {
        Ok((_, Request::Ping)) => {}
        Ok((_, Request::CloseSession)) => record.closed = true,
        Ok((_, request)) => {
            record.unanswered.push_back(request.op());
            record.lines.push(format!("> {}", words::describe_request(&request)));
        }
        Err(error) => record.lines.push(format!("> {error}")),
    }
}

fn reply(record: &mut Record, frame: &[u8]) {
    let (header, body) = ReplyHeader::decode(frame).expect("a reply");
    match header.xid {
        xid::PING => return,
        xid::NOTIFICATION => {
            let event = Event::decode(body).expect("an event");
            record.lines.push(format!("! {}", words::describe_event(&event)));
            return;
        }
        _ => {}
    }
    // The answer to the end of the session has no request here.
    let Some(op) = record.unanswered.pop_front() else { return };
    let reply = match header.error {
        Some(_) => Reply::Empty,
        None => Reply::decode(op, body).expect("the reply to the request"),
    };
    record.lines.push(format!("< {}", words::describe_reply(header.error, &reply)));
}

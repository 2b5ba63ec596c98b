//! Stands before a server and spoils what it says, so that it can be shown that the checks notice.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::Result;

/// The longest frame that is passed on.
const FRAME_BYTES_MAX: usize = 16 * 1024 * 1024;
const HEADER_BYTES: usize = 16;
const STAT_BYTES: usize = 68;
/// Where a stat has its `cversion`.
const CVERSION: usize = 36;
const NOTIFICATION: &[u8] = b"\xff\xff\xff\xff";
const CHILDREN_CHANGED: &[u8] = b"\0\0\0\x04";
const BAD_VERSION: &[u8] = b"\xff\xff\xff\x99";
const NO_NODE: &[u8] = b"\xff\xff\xff\x9b";

/// A mistake that a server could make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mistake {
    /// A notification comes behind the answer that shows the change.
    LateEvent,
    /// A kind of notification does not come.
    LostEvent,
    /// One error is taken for another.
    WrongError,
    /// A number of a stat is one too high.
    WrongStat,
    /// A transaction more than there was.
    WrongZxid,
}

impl Mistake {
    pub(super) const ALL: &[Mistake] = &[
        Mistake::LateEvent,
        Mistake::LostEvent,
        Mistake::WrongError,
        Mistake::WrongStat,
        Mistake::WrongZxid,
    ];
}

/// A listener of its own before a server.
#[derive(Debug)]
pub(super) struct Proxy {
    address: SocketAddr,
    mistake: Arc<Mutex<Option<Mistake>>>,
}

impl Proxy {
    /// Begins to listen. Its threads end with the program.
    pub(super) fn start(server: SocketAddr) -> Result<Proxy> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let proxy = Proxy { address: listener.local_addr()?, mistake: Arc::default() };
        let mistake = Arc::clone(&proxy.mistake);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let mistake = Arc::clone(&mistake);
                // A connection that fails ends, which its client notices.
                thread::spawn(move || serve(client, server, &mistake));
            }
        });
        Ok(proxy)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on makes this mistake, or none.
    pub(super) fn make(&self, mistake: Option<Mistake>) {
        *self.mistake.lock().unwrap_or_else(PoisonError::into_inner) = mistake;
    }
}

fn serve(mut client: TcpStream, server: SocketAddr, mistake: &Mutex<Option<Mistake>>) -> io::Result<()> {
    let mut server = TcpStream::connect(server)?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let requests = thread::spawn(move || {
        // Either side may go at any time; what is left to do is to tell the other one.
        let _ = io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Both);
    });
    let _ = pass_answers(&mut server, &mut client, mistake);
    let _ = client.shutdown(Shutdown::Both);
    let _ = requests.join();
    Ok(())
}

fn pass_answers(
    server: &mut TcpStream,
    client: &mut TcpStream,
    mistake: &Mutex<Option<Mistake>>,
) -> io::Result<()> {
    write_frame(client, &read_frame(server)?)?;
    let mut kept_back = Vec::new();
    loop {
        let mut frame = read_frame(server)?;
        let mistake = *mistake.lock().unwrap_or_else(PoisonError::into_inner);
        let is_event = frame.starts_with(NOTIFICATION);
        match mistake {
            Some(Mistake::LateEvent) if is_event => {
                kept_back.push(frame);
                continue;
            }
            Some(Mistake::LostEvent) if is_event && frame[HEADER_BYTES..].starts_with(CHILDREN_CHANGED) => {
                continue;
            }
            Some(mistake) => spoil(mistake, &mut frame),
            None => {}
        }
        write_frame(client, &frame)?;
        for event in kept_back.drain(..) {
            write_frame(client, &event)?;
        }
    }
}

fn spoil(mistake: Mistake, frame: &mut [u8]) {
    let error = HEADER_BYTES - 4..HEADER_BYTES;
    match mistake {
        Mistake::WrongError if frame.get(error.clone()) == Some(BAD_VERSION) => {
            frame[error].copy_from_slice(NO_NODE);
        }
        Mistake::WrongStat if frame.len() == HEADER_BYTES + STAT_BYTES => {
            // Only where there have been children, so that the smallest sequence has two steps.
            let low_byte = &mut frame[HEADER_BYTES + CVERSION + 3];
            *low_byte += u8::from(*low_byte > 0);
        }
        // The lowest byte of the zxid.
        Mistake::WrongZxid if frame.get(error) == Some(NO_NODE) => frame[11] ^= 1,
        _ => {}
    }
}

fn read_frame(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = usize::try_from(i32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > FRAME_BYTES_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut frame = vec![0; length];
    stream.read_exact(&mut frame)?;
    Ok(frame)
}

fn write_frame(stream: &mut TcpStream, frame: &[u8]) -> io::Result<()> {
    let length = u32::try_from(frame.len()).map_err(|_| io::ErrorKind::InvalidData)?;
    stream.write_all(&[&length.to_be_bytes(), frame].concat())
}

//! Single questions to a server. The first tells whether it has started: that it accepts connections is not enough, as some
//! do so long before they answer.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Result, bail};

use super::programs::Speech;
use crate::beanstalk::{self, Beanstalk};
use crate::network::Protocol;
use crate::zookeeper::{self, Handshake};

/// How long an answer is waited for before another connection is tried. ZooKeeper may never answer a request that came
/// while it started.
const ANSWER_LIMIT: Duration = Duration::from_secs(1);
const READ_BYTES: usize = 4096;

/// Gets one reply from a server, and leaves nothing behind there.
pub(super) fn greet(address: SocketAddr, speech: Speech) -> Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(ANSWER_LIMIT))?;
    let mut words = Vec::new();
    match speech {
        Speech::Beanstalk => {
            beanstalk::stats(&mut words);
            ask::<Beanstalk>(&mut stream, &words)?;
            Ok(())
        }
        Speech::Zookeeper => {
            zookeeper::connect(&mut words);
            ask::<Handshake>(&mut stream, &words)?;
            words.clear();
            zookeeper::close(&mut words);
            Ok(stream.write_all(&words)?)
        }
    }
}

/// Asks a server of jobs for one of its statistics.
pub(super) fn statistic(address: SocketAddr, key: &str) -> Result<u64> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(ANSWER_LIMIT))?;
    let mut words = Vec::new();
    beanstalk::stats(&mut words);
    let received = ask::<Beanstalk>(&mut stream, &words)?;
    match Beanstalk::reply(&received)? {
        Some((beanstalk::Reply::Statistics(text), _)) => beanstalk::statistic(text, key),
        _ => bail!("the server answers something else than its statistics"),
    }
}

/// Sends a request and waits until its reply has come: what has been received then.
fn ask<P: Protocol>(stream: &mut TcpStream, request: &[u8]) -> Result<Vec<u8>> {
    stream.write_all(request)?;
    let mut received = Vec::new();
    let mut buffer = [0; READ_BYTES];
    while P::reply(&received)?.is_none() {
        match stream.read(&mut buffer)? {
            0 => bail!("the server hung up"),
            length => received.extend_from_slice(&buffer[..length]),
        }
    }
    Ok(received)
}

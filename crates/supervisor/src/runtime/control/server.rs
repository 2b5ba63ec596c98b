//! The control socket: requests come in, go to the loop, and their answers go out. Nothing is decided here.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener as StdListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, broadcast, mpsc, oneshot};
use tokio::time::timeout;
use trellis_unix::Pid;
use trellis_unix::process::Peer;

use super::{Envelope, Reply, Request, VERSION};
use crate::limits::{CONTROL_CONNECTIONS_MAX, CONTROL_LINE_BYTES_MAX, CONTROL_PATIENCE};
use crate::runtime::log::Part;
use crate::runtime::socket_file::{Claim, SocketFile, connect, make_room};

/// How long to wait before trying again what has failed for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A request on its way to the loop.
pub(in crate::runtime) struct Asked {
    /// What is asked.
    pub(in crate::runtime) request: Request,
    /// Where the answer goes.
    pub(in crate::runtime) answer: oneshot::Sender<Answer>,
}

/// An answer.
pub(in crate::runtime) enum Answer {
    /// One reply.
    Reply(Reply),
    /// Output: what there is, and what comes.
    Output {
        /// Of each program.
        parts: Vec<Part>,
        /// Whether what comes is wanted, too.
        follow: bool,
    },
}

/// A socket that nobody else listens on; it is removed when this is dropped.
#[derive(Debug)]
pub(in crate::runtime) struct Socket {
    listener: StdListener,
    _file: SocketFile,
    _claim: Option<Claim>,
}

/// Why there is no control socket.
pub(in crate::runtime) enum NoSocket {
    /// Somebody listens there already: this process, if it is in sight.
    Taken(Option<Pid>),
    /// Somebody listens there, although the socket's file is gone.
    Hidden,
    /// The system refuses.
    System(io::Error),
}

impl From<io::Error> for NoSocket {
    fn from(error: io::Error) -> NoSocket {
        NoSocket::System(error)
    }
}

impl Socket {
    /// Begins to listen. A socket that was left behind by one that is gone is replaced, and no other file.
    pub(in crate::runtime) fn bind(path: &Path) -> Result<Socket, NoSocket> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Two that begin at the same time must not both find that nobody is there.
        let folder = File::open(folder)?;
        flock(&folder, FlockOperation::LockExclusive).map_err(io::Error::from)?;
        if make_room(path)? {
            let peer = connect(path, CONTROL_PATIENCE).ok().and_then(Peer::of);
            return Err(NoSocket::Taken(peer.map(|peer| peer.pid())));
        }
        let claim = match Claim::lay(&folder, path) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(NoSocket::Hidden),
            // The file alone says then that it is taken.
            claim => claim.ok(),
        };
        let listener = StdListener::bind(path).map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => io::Error::other("there is something else of that name"),
            _ => error,
        })?;
        let file = SocketFile::at(path);
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
        Ok(Socket { listener, _file: file, _claim: claim })
    }

    /// Serves whoever connects, as long as the runtime lives.
    pub(in crate::runtime) fn serve(&self, asked: impl Fn(Asked) + Clone + Send + 'static) -> io::Result<()> {
        let listener = UnixListener::from_std(self.listener.try_clone()?)?;
        tokio::spawn(async move {
            let places = Arc::new(Semaphore::new(CONTROL_CONNECTIONS_MAX));
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    // There are too many open files; perhaps not for long.
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                };
                let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                    // Whoever asked may have gone.
                    let _ = refuse(stream);
                    continue;
                };
                let asked = asked.clone();
                tokio::spawn(async move {
                    // Whoever asked may have gone.
                    let _ = converse(stream, asked).await;
                    drop(place);
                });
            }
        });
        Ok(())
    }
}

/// Tells one that is too many so. Nothing waits for it: a new socket has room for a line.
fn refuse(stream: UnixStream) -> io::Result<()> {
    let message = format!(
        "the supervisor is busy: {CONTROL_CONNECTIONS_MAX} others are connected to it, which may be commands that wait; \
         try again when some have ended"
    );
    stream.into_std()?.write_all(&encode(&Reply::Failed { message })?)
}

/// Whoever says nothing for a while, or leaves before the answer, is waited for no more.
async fn converse(stream: UnixStream, asked: impl Fn(Asked)) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut bounded = (&mut reader).take(CONTROL_LINE_BYTES_MAX as u64);
        let Ok(read) = timeout(CONTROL_PATIENCE, bounded.read_until(b'\n', &mut line)).await else {
            let message = format!("nothing was asked for {} seconds", CONTROL_PATIENCE.as_secs());
            return send(&mut writer, &Reply::Failed { message }).await;
        };
        if read? == 0 {
            return Ok(());
        }
        let request = match parse(&line) {
            Ok(request) => request,
            Err(message) => {
                return send(&mut writer, &Reply::Failed { message }).await;
            }
        };
        send(&mut writer, &Reply::Heard).await?;
        let (answer, wait) = oneshot::channel();
        asked(Asked { request, answer });
        let answer = tokio::select! {
            answer = wait => answer,
            // Nobody says anything more before the answer, so this is the end.
            _ = reader.fill_buf() => return Ok(()),
        };
        match answer {
            Ok(Answer::Reply(reply)) => send(&mut writer, &reply).await?,
            Ok(Answer::Output { parts, follow }) => return output(&mut reader, writer, parts, follow).await,
            // The supervisor has ended.
            Err(_) => return Ok(()),
        }
    }
}

fn parse(line: &[u8]) -> Result<Request, String> {
    let value: Envelope<serde_json::Value> =
        serde_json::from_slice(line).map_err(|error| format!("this is no request: {error}"))?;
    if value.version != VERSION {
        return Err(format!(
            "this supervisor speaks version {VERSION} of the protocol, and was asked in version {}: use the trellis that \
             started it",
            value.version
        ));
    }
    serde_json::from_value(value.content).map_err(|error| format!("this is no request: {error}"))
}

async fn send(writer: &mut OwnedWriteHalf, reply: &Reply) -> io::Result<()> {
    writer.write_all(&encode(reply)?).await
}

fn encode(reply: &Reply) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(reply)?;
    line.push(b'\n');
    Ok(line)
}

/// Sends output until whoever asked has gone, or only what there is.
async fn output(
    reader: &mut BufReader<OwnedReadHalf>,
    mut writer: OwnedWriteHalf,
    parts: Vec<Part>,
    follow: bool,
) -> io::Result<()> {
    let (sender, mut blocks) = mpsc::channel::<String>(1);
    for (recent, mut receiver) in parts {
        send(&mut writer, &Reply::Output { text: String::from_utf8_lossy(&recent).into_owned() }).await?;
        let sender = sender.clone();
        if follow {
            tokio::spawn(async move {
                loop {
                    let text = match receiver.recv().await {
                        Ok(lines) => String::from_utf8_lossy(&lines).into_owned(),
                        Err(broadcast::error::RecvError::Lagged(blocks)) => {
                            format!("({blocks} pieces of output are left out here)\n")
                        }
                        Err(broadcast::error::RecvError::Closed) => return,
                    };
                    if sender.send(text).await.is_err() {
                        return;
                    }
                }
            });
        }
    }
    drop(sender);
    let mut rest = Vec::new();
    loop {
        tokio::select! {
            block = blocks.recv() => match block {
                Some(text) => send(&mut writer, &Reply::Output { text }).await?,
                None => return Ok(()),
            },
            // Whoever follows says nothing more, so this is the end.
            _ = reader.read_until(b'\n', &mut rest) => return Ok(()),
        }
    }
}

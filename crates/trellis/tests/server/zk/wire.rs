//! Frames over a connection, for tests: any bytes out, whole frames in. Knows no request; waits with a deadline and
//! panics past it.

use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::net::{AddressFamily, SocketType, bind, connect, socket, sockopt};

use crate::server::DEADLINE;

/// What the system keeps for a client that is to be a slow reader.
const NARROW_BYTES: usize = 4096;

/// A connection to a server.
pub(crate) struct Wire {
    stream: BufReader<TcpStream>,
}

impl Wire {
    pub(crate) fn connect(address: SocketAddr) -> Wire {
        Wire::try_connect(address).expect("the server listens")
    }

    pub(crate) fn try_connect(address: SocketAddr) -> io::Result<Wire> {
        TcpStream::connect(address).map(Wire::of)
    }

    /// Connects from an address of this machine's own choice: all that begin with 127 are.
    pub(crate) fn connect_from(source: Ipv4Addr, address: SocketAddr) -> Wire {
        let stream = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
        Wire::bound(stream, source, address)
    }

    /// Connects so that the system takes little of what the server sends before it is read.
    pub(crate) fn connect_narrow(address: SocketAddr) -> Wire {
        Wire::connect_narrow_from(Ipv4Addr::LOCALHOST, address)
    }

    /// The same from an address of this machine's own choice.
    pub(crate) fn connect_narrow_from(source: Ipv4Addr, address: SocketAddr) -> Wire {
        let stream = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
        sockopt::set_socket_recv_buffer_size(&stream, NARROW_BYTES).expect("it is a socket");
        Wire::bound(stream, source, address)
    }

    fn bound(stream: OwnedFd, source: Ipv4Addr, address: SocketAddr) -> Wire {
        bind(&stream, &SocketAddr::new(IpAddr::V4(source), 0)).expect("the address is this machine's");
        connect(&stream, &address).expect("the server listens");
        Wire::of(TcpStream::from(stream))
    }

    fn of(stream: TcpStream) -> Wire {
        stream.set_nodelay(true).expect("the socket is open");
        stream.set_read_timeout(Some(DEADLINE)).expect("the socket is open");
        stream.set_write_timeout(Some(DEADLINE)).expect("the socket is open");
        Wire { stream: BufReader::new(stream) }
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes.as_ref()).expect("the server reads");
    }

    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Reads a frame, without its length.
    pub(crate) fn frame(&mut self) -> Vec<u8> {
        self.try_frame().expect("a frame comes")
    }

    pub(crate) fn try_frame(&mut self) -> io::Result<Vec<u8>> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length)?;
        let mut frame =
            vec![0; usize::try_from(i32::from_be_bytes(length)).expect("a length is not negative")];
        self.stream.read_exact(&mut frame)?;
        Ok(frame)
    }

    /// Reads to the end of the connection.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Ok(_) => rest,
            // The server closed before it had read everything.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => rest,
            Err(error) => panic!("the connection stays open: {error}"),
        }
    }

    /// The connection must have ended, without another word.
    #[track_caller]
    pub(crate) fn assert_ended(&mut self) {
        assert_eq!(self.rest(), b"", "nothing more is said");
    }

    /// Returns when something has come, or after so long.
    pub(crate) fn await_bytes(&mut self, at_most: Duration) {
        if self.stream.buffer().is_empty() {
            let stream = self.stream.get_mut();
            let before = stream.read_timeout().expect("the socket is open");
            stream.set_read_timeout(Some(at_most)).expect("the socket is open");
            // Nothing, or the end, is for the next one who reads to see.
            let _ = stream.peek(&mut [0]);
            stream.set_read_timeout(before).expect("the socket is open");
        }
    }

    /// Whether nothing has come so far.
    pub(crate) fn has_nothing(&mut self) -> bool {
        let stream = self.stream.get_mut();
        stream.set_nonblocking(true).expect("the socket is open");
        let found = stream.peek(&mut [0]);
        stream.set_nonblocking(false).expect("the socket is open");
        self.stream.buffer().is_empty()
            && matches!(found, Err(error) if error.kind() == ErrorKind::WouldBlock)
    }

    /// The socket.
    pub(crate) fn socket(&mut self) -> &mut TcpStream {
        self.stream.get_mut()
    }
}

/// A frame with that in it, whatever it is.
pub(crate) fn framed(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("a frame is short");
    [&length.to_be_bytes(), body].concat()
}

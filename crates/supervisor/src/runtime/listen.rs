//! The sockets that listen on behalf of programs. They stay open while processes come and go, so that whoever connects
//! meanwhile waits instead of being refused. Nothing here accepts a connection.

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;

use rustix::net::sockopt::{set_ipv6_v6only, set_socket_reuseaddr};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with};

use super::Supervisor;
use super::socket_file::{SocketFile, make_room};
use super::spawn::Extra;
use crate::config::{Listen, Program, Work};
use crate::limits::LISTEN_BACKLOG_MAX;

/// The sockets that are open, by address: programs that name the same address share the socket, which also lets one
/// take over from another in a changed file.
#[derive(Default)]
pub(super) struct Sockets(HashMap<Listen, Socket>);

/// A socket that listens.
struct Socket {
    descriptor: OwnedFd,
    /// The file that goes with it.
    _file: Option<SocketFile>,
}

impl Sockets {
    /// Opens what these programs need and closes everything else.
    fn keep<'a>(&mut self, programs: impl Iterator<Item = &'a Program>) {
        let mut before = std::mem::take(&mut self.0);
        let kept = programs.flat_map(addresses);
        for address in kept {
            let socket = match before.remove(address) {
                Some(socket) => Ok(socket),
                None if self.0.contains_key(address) => continue,
                None => open(address),
            };
            // What can't be opened is tried again, and told, when a process is started.
            if let Ok(socket) = socket {
                self.0.insert(address.clone(), socket);
            }
        }
    }

    /// Copies of a program's sockets for a process.
    fn copies(&mut self, program: &Program) -> io::Result<Vec<OwnedFd>> {
        let mut copies = Vec::new();
        for address in addresses(program) {
            if !self.0.contains_key(address) {
                self.0.insert(address.clone(), open(address)?);
            }
            copies.push(self.0[address].descriptor.try_clone()?);
        }
        Ok(copies)
    }
}

impl Supervisor {
    /// Has exactly those sockets open whose programs are to run here.
    pub(super) fn keep_sockets(&mut self) {
        self.sockets.keep(self.fleet.wanted_here());
    }

    /// Gives a process the sockets of its program.
    pub(super) fn pass_sockets(&mut self, program: &Program, extra: &mut Extra) -> io::Result<()> {
        let names: Vec<String> = addresses(program).iter().map(name).collect();
        if names.is_empty() {
            return Ok(());
        }
        extra.descriptors = self.sockets.copies(program)?;
        extra.announced = true;
        extra.variables.push(("LISTEN_FDNAMES", names.join(":")));
        Ok(())
    }
}

fn addresses(program: &Program) -> &[Listen] {
    match &program.work {
        Work::Service { listen } => listen,
        Work::Jobs(_) | Work::Timetable(_) => &[],
    }
}

/// What a process may call a socket: the port, or the name of the file. Colons separate names.
fn name(address: &Listen) -> String {
    match address {
        Listen::Tcp(address) => address.rsplit(':').next().unwrap_or_default().to_owned(),
        Listen::Unix(path) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let fits = |character: char| character.is_ascii_graphic() && character != ':';
            name.chars().map(|character| if fits(character) { character } else { '_' }).collect()
        }
    }
}

fn open(address: &Listen) -> io::Result<Socket> {
    match address {
        Listen::Tcp(address) => {
            let descriptor = listen_on(address).map_err(|error| {
                io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
            })?;
            Ok(Socket { descriptor, _file: None })
        }
        Listen::Unix(path) => {
            let listener = make_room(path).and_then(|_| UnixListener::bind(path)).map_err(|error| {
                io::Error::new(error.kind(), format!("cannot listen on {}: {error}", path.display()))
            })?;
            Ok(Socket { descriptor: listener.into(), _file: Some(SocketFile::at(path)) })
        }
    }
}

/// Listens on the first of the addresses that a text stands for on which that is possible.
fn listen_on(address: &str) -> io::Result<OwnedFd> {
    let mut last = io::Error::other("there is no such address");
    for address in address.to_socket_addrs()? {
        match listen_on_one(address) {
            Ok(socket) => return Ok(socket),
            Err(error) => last = error.into(),
        }
    }
    Err(last)
}

/// A socket of IPv6 is of that alone, so that another one can listen on the same port of IPv4.
fn listen_on_one(address: SocketAddr) -> rustix::io::Result<OwnedFd> {
    let family = if address.is_ipv6() { AddressFamily::INET6 } else { AddressFamily::INET };
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    if address.is_ipv6() {
        set_ipv6_v6only(&socket, true)?;
    }
    // What is left of earlier connections does not matter.
    set_socket_reuseaddr(&socket, true)?;
    bind(&socket, &address)?;
    listen(&socket, LISTEN_BACKLOG_MAX)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::net::UnixStream;
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    fn programs(text: &str) -> Vec<Program> {
        Config::parse(text, Path::new("workers.toml")).expect("it is right").programs
    }

    #[test]
    fn names_are_ports_and_files() {
        let table = [
            (Listen::Tcp("0.0.0.0:8080".to_owned()), "8080"),
            (Listen::Tcp("[::1]:80".to_owned()), "80"),
            (Listen::Unix("/run/shop.sock".into()), "shop.sock"),
            (Listen::Unix("/run/a:b c".into()), "a_b_c"),
        ];
        for (address, wanted) in table {
            assert_eq!(name(&address), wanted, "{address:?}");
        }
    }

    #[test]
    fn both_protocols_have_their_own_socket_on_one_port() {
        let any = listen_on("0.0.0.0:0").expect("it is possible");
        let port =
            TcpListener::from(any.try_clone().expect("a copy")).local_addr().expect("it has one").port();
        // Not every machine has IPv6.
        let is_there = TcpListener::bind("[::1]:0").is_ok();
        let six = listen_on(&format!("[::]:{port}"));
        assert_eq!(six.is_ok(), is_there, "{six:?}");
        let taken = open(&Listen::Tcp(format!("0.0.0.0:{port}"))).err().expect("it is taken");
        assert!(taken.to_string().starts_with(&format!("cannot listen on 0.0.0.0:{port}: ")), "{taken}");
        TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        assert_eq!(TcpStream::connect(("::1", port)).is_ok(), is_there);
    }

    #[test]
    fn files_of_sockets_come_and_go() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.sock");
        let address = format!("unix:{}", path.display());
        let both = programs(&format!(
            "[program.a]\ncommand = \"a\"\nlisten = {address:?}\n[program.b]\ncommand = \"b\"\nlisten = {address:?}\n"
        ));
        let mut sockets = Sockets::default();
        sockets.keep(both.iter());
        assert_eq!(sockets.0.len(), 1);
        UnixStream::connect(&path).expect("it listens");
        // From one program to another, the socket stays.
        sockets.keep(both[1..].iter());
        UnixStream::connect(&path).expect("it listens");
        sockets.keep([].iter());
        assert!(!path.exists());
        // A file that was left behind is in nobody's way, but one that is used is.
        drop(UnixListener::bind(&path).expect("a socket"));
        assert_eq!(sockets.copies(&both[0]).expect("it is opened").len(), 1);
        let taken = Sockets::default().copies(&both[0]).expect_err("it is taken");
        assert!(taken.to_string().starts_with("cannot listen on /"), "{taken}");
        fs::remove_file(&path).expect("it is there");
        fs::write(&path, "precious").expect("it can be written");
        Sockets::default().copies(&both[0]).expect_err("it is no socket");
        assert_eq!(fs::read(&path).expect("it is there"), b"precious");
    }
}

//! `trellis tube`: the scripts, and what a script cannot say.

use std::io::Read;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::os::unix::process::ExitStatusExt;
use std::process::Output;

use crate::fake::{Fake, Step};
use crate::script::check_script;
use crate::trellis;

#[test]
fn scripts() {
    let mut names: Vec<String> = std::fs::read_dir(crate::testdata("tube"))
        .expect("the scripts")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .collect();
    names.sort_unstable();
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        check_script(&format!("tube/{name}"));
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn nothing_listens() {
    // The port was free a moment ago, and nobody asks for it by name.
    let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
    let server = format!("127.0.0.1:{port}");
    let output = trellis().args(["tube", "--server", &server, "list"]).output().expect("trellis runs");
    assert_eq!(output.status.code(), Some(3));
    let expected = format!(
        "error: nothing listens on {server} (connection refused)\n\
         hint: start a server with `trellis serve`, or name another one with --server\n"
    );
    assert_eq!(stderr(&output), expected);
}

#[test]
fn no_socket_there() {
    let output =
        trellis().args(["tube", "--server", "unix:/nonexistent/s", "list"]).output().expect("trellis runs");
    assert_eq!(output.status.code(), Some(3));
    assert!(
        stderr(&output).starts_with("error: there is no socket /nonexistent/s\nhint: "),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_silent_server_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let server = silent.local_addr().expect("an address").to_string();
    let output = trellis()
        .args(["tube", "--server", &server, "--timeout", "1", "list"])
        .output()
        .expect("trellis runs");
    assert_eq!(output.status.code(), Some(3));
    let expected = format!(
        "error: {server} does not answer in time\nhint: is it busy or stopped? --timeout allows more time\n"
    );
    assert_eq!(stderr(&output), expected);
}

#[test]
fn speaks_over_a_unix_socket() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("socket");
    let listener = UnixListener::bind(&path).expect("a socket");
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut request = [0; 10];
        stream.read_exact(&mut request).expect("a request");
        std::io::Write::write_all(&mut stream, b"DELETED\r\n").expect("an answer");
        request
    });
    let server = format!("unix:{}", path.display());
    let output = trellis().args(["tube", "--server", &server, "delete", "7"]).output().expect("trellis runs");
    assert_eq!((output.status.code(), &output.stdout[..]), (Some(0), &b"deleted job 7\n"[..]));
    assert_eq!(&thread.join().expect("no panic"), b"delete 7\r\n");
}

#[test]
fn a_reader_that_has_gone_is_no_error_and_loses_no_job() {
    let fake = Fake::start(vec![
        Step::Expect(b"reserve\r\n".to_vec()),
        Step::Send(b"RESERVED 1 5\r\nhello\r\n".to_vec()),
    ]);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = trellis()
        .args(["tube", "--server", &fake.address.to_string(), "reserve", "--then", "delete"])
        .stdout(writer)
        .output()
        .expect("trellis runs");
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
    // The script ends with the reservation: a delete would be more than was expected.
    fake.finish().expect("no delete");
}

/// A server's statistics with this process and name of the machine.
fn statistics(pid: u32, hostname: &str, draining: bool) -> Step {
    let body = format!("---\npid: {pid}\ndraining: {draining}\nhostname: \"{hostname}\"\n");
    Step::Send(format!("OK {}\r\n{body}\r\n", body.len()).into_bytes())
}

fn here() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

fn drain(fake: Fake) -> Output {
    let server = fake.address.to_string();
    let output = trellis().args(["tube", "--server", &server, "drain"]).output().expect("trellis runs");
    fake.finish().expect("the script");
    output
}

#[test]
fn drain_signals_a_server_on_this_machine() {
    // Any process with the name trellis takes the signal; this one dies of it, which shows that it came.
    let busy = TcpListener::bind("127.0.0.1:0").expect("a port");
    let server = busy.local_addr().expect("an address").to_string();
    let mut target =
        trellis().args(["tube", "--server", &server, "reserve"]).spawn().expect("trellis starts");
    let (mut connection, _) = busy.accept().expect("a client");
    // It has its final name once it speaks.
    connection.read_exact(&mut [0; 9]).expect("a reserve");

    let ask = || Step::Expect(b"stats\r\n".to_vec());
    let fake = Fake::start(vec![
        ask(),
        statistics(target.id(), &here(), false),
        ask(),
        statistics(target.id(), &here(), false),
        ask(),
        statistics(target.id(), &here(), true),
    ]);
    let output = drain(fake);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("is draining"));
    let signal = target.wait().expect("the target ends").signal();
    assert_eq!(signal, Some(rustix::process::Signal::USR1.as_raw()));
}

#[test]
fn drain_leaves_other_processes_alone() {
    // This very process is no server: if the signal came, the test would die.
    let script = vec![Step::Expect(b"stats\r\n".to_vec()), statistics(std::process::id(), &here(), false)];
    let output = drain(Fake::start(script));
    assert_eq!(output.status.code(), Some(5));
    assert!(stderr(&output).contains("is here not the server"), "{}", stderr(&output));
}

#[test]
fn drain_says_that_a_server_is_elsewhere() {
    let script = vec![Step::Expect(b"stats\r\n".to_vec()), statistics(7, "elsewhere", false)];
    let output = drain(Fake::start(script));
    assert_eq!(output.status.code(), Some(5));
    let message = stderr(&output);
    assert!(message.contains("the server runs on elsewhere"), "{message}");
    assert!(message.contains("kill -USR1 7"), "{message}");
}

#[test]
fn watch_ends_when_it_is_told_to() {
    let script = vec![Step::Expect(b"list-tubes\r\n".to_vec()), Step::Send(b"OK 4\r\n---\n\r\n".to_vec())];
    let fake = Fake::start(script);
    let server = fake.address.to_string();
    let mut child = trellis()
        .args(["tube", "--server", &server, "watch", "--interval", "3600"])
        .spawn()
        .expect("trellis starts");
    let mut heading = [0; 4];
    child.stdout.as_mut().expect("a pipe").read_exact(&mut heading).expect("a table");
    assert_eq!(&heading, b"tube");
    let pid = rustix::process::Pid::from_child(&child);
    // Not SIGINT: a shell's `&` starts programs that ignore it, and so would this child if the tests run there.
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("a signal");
    assert_eq!(child.wait().expect("it ends").signal(), Some(rustix::process::Signal::TERM.as_raw()));
    fake.finish().expect("the script");
}

#[test]
fn watch_goes_on_after_a_restart() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let server = listener.local_addr().expect("an address").to_string();
    let thread = std::thread::spawn(move || {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().expect("a client");
            stream.read_exact(&mut [0; 12]).expect("a request");
            std::io::Write::write_all(&mut stream, b"OK 4\r\n---\n\r\n").expect("an answer");
        }
    });
    let output = trellis()
        .args(["tube", "--server", &server, "watch", "--interval", "0.1", "--count", "2", "--json"])
        .output()
        .expect("trellis runs");
    let found = (output.status.code(), String::from_utf8_lossy(&output.stdout), stderr(&output));
    assert_eq!(found, (Some(0), "[]\n[]\n".into(), "no answer, trying again\n".to_owned()));
    thread.join().expect("no panic");
}

#[test]
fn lines_are_put_also_after_their_reader_has_gone() {
    let mut script =
        vec![Step::Expect(b"use default\r\n".to_vec()), Step::Send(b"USING default\r\n".to_vec())];
    for body in ["a", "b", "c"] {
        script.push(Step::Expect(format!("put 1024 0 60 1\r\n{body}\r\n").into_bytes()));
        script.push(Step::Send(b"INSERTED 1\r\n".to_vec()));
    }
    let fake = Fake::start(script);
    let (input, mut writer) = std::io::pipe().expect("a pipe");
    let server = fake.address.to_string();
    let mut child = trellis()
        .args(["tube", "--server", &server, "put", "--lines"])
        .stdin(input)
        .spawn()
        .expect("trellis starts");
    let mut reader = child.stdout.take().expect("a pipe");
    std::io::Write::write_all(&mut writer, b"a\n").expect("the pipe takes it");
    reader.read_exact(&mut [0; 2]).expect("an id");
    drop(reader);
    std::io::Write::write_all(&mut writer, b"b\nc\n").expect("the pipe takes it");
    drop(writer);
    let output = child.wait_with_output().expect("it ends");
    fake.finish().expect("every line is put");
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
}

#[test]
fn lines_are_put_as_they_come() {
    let (put, inserted) =
        (|body: &str| format!("put 1024 0 60 1\r\n{body}\r\n").into_bytes(), b"INSERTED 1\r\n");
    let fake = Fake::start(vec![
        Step::Expect(b"use default\r\n".to_vec()),
        Step::Send(b"USING default\r\n".to_vec()),
        Step::Expect(put("a")),
        Step::Send(inserted.to_vec()),
        Step::Expect(put("b")),
        Step::Send(inserted.to_vec()),
    ]);
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    let server = fake.address.to_string();
    let mut child = trellis()
        .args(["tube", "--server", &server, "put", "--lines"])
        .stdin(reader)
        .spawn()
        .expect("trellis starts");
    let stdout = child.stdout.as_mut().expect("a pipe");
    for line in [b"a\n", b"b\n"] {
        std::io::Write::write_all(&mut writer, line).expect("the pipe takes it");
        let mut id = [0; 2];
        stdout.read_exact(&mut id).expect("the id comes before the input ends");
        assert_eq!(&id, b"1\n");
    }
    drop(writer);
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    fake.finish().expect("the script");
}

//! `trellis ipc`: the scripts in `testdata/ipc`, and what a script cannot say. The objects are real ones of this machine,
//! with keys that nobody else has.
//!
//! A script's lines are those of `trellis tube`, without a server; KEY stands for the key.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Output, Stdio};

use trellis_unix::sysv::{Key, MessageQueue, Open, Semaphore, SharedMemory, ftok};

use crate::script::{bytes, lines, split};
use crate::{check_golden, testdata, trellis};

#[test]
fn shared_memory() {
    check_script("ipc/shm.txt");
}

#[test]
fn message_queues() {
    check_script("ipc/msg.txt");
}

#[test]
fn semaphores() {
    check_script("ipc/sem.txt");
}

fn check_script(name: &str) {
    let directory = tempfile::tempdir().expect("a directory");
    let key = key(directory.path());
    let text = std::fs::read_to_string(testdata(name)).expect("the script can be read");
    let mut found = String::new();
    let mut command: Option<(Vec<String>, Vec<u8>)> = None;
    for line in text.lines() {
        let word = line.split(' ').next().unwrap_or_default();
        match word {
            "out" | "out~" | "err" => continue,
            "exit" => {
                let (arguments, input) = command.take().expect("a command before its exit code");
                found.push_str(&run(&arguments, &input).replace(&key.to_string(), "KEY"));
                continue;
            }
            "$" => {
                let words = split(line.trim_start_matches("$ trellis "));
                let words = words.into_iter().map(|word| word.replace("KEY", &key.to_string()));
                command = Some((words.collect(), Vec::new()));
            }
            "in" => {
                let input = &mut command.as_mut().expect("a command before its input").1;
                input.extend(bytes(line.get(4..).unwrap_or_default(), "\n"));
            }
            _ => {}
        }
        found.push_str(line);
        found.push('\n');
    }
    assert!(command.is_none(), "{name}: the last case does not end with an exit line");
    check_golden(name, &found);
}

fn run(arguments: &[String], input: &[u8]) -> String {
    let mut child = trellis()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .args(arguments)
        .stdin(Stdio::piped())
        .spawn()
        .expect("trellis starts");
    // A command that does not read its input may have ended already.
    let _ = child.stdin.take().expect("a pipe").write_all(input);
    let output = child.wait_with_output().expect("trellis runs");
    let mut found = lines("out", &output.stdout);
    found.push_str(&lines("err", &output.stderr));
    let mut shown = String::new();
    for line in found.lines() {
        // Which process it was is different each time.
        let process = line.find("process ").filter(|_| line.starts_with("out last-"));
        shown.push_str(process.map_or(line, |at| &line[..at]));
        shown.push_str(if process.is_some() { "process N\n" } else { "\n" });
    }
    shown.push_str(&format!("exit {}\n", output.status.code().expect("it ends by itself")));
    shown
}

/// The key of a new directory; that of another one is the same only if their numbers share 16 bits.
fn key(directory: &Path) -> Key {
    let Key(bits) = ftok(directory, 0).expect("it is there");
    Key(bits ^ (std::process::id().cast_signed() << 12) ^ (1 << 29))
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_key_of_a_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("file");
    std::fs::write(&file, "").expect("a file");
    let ask = |id: &str| trellis().args(["ipc", "ftok"]).arg(&file).arg(id).output().expect("trellis runs");
    let key = ftok(&file, b's').expect("it is there");
    assert_eq!(stdout(&ask("s")), format!("{key}\n"));
    assert_eq!(stdout(&ask("115")), format!("{key}\n"), "the letter is the number of its byte");
    let json = trellis().args(["ipc", "ftok", "--json"]).arg(&file).arg("s").output().expect("trellis runs");
    assert_eq!(stdout(&json), format!("{{\"key\":{},\"hex\":\"{key}\"}}\n", key.0));
    assert_eq!(ask("ss").status.code(), Some(2));
    let missing = trellis().args(["ipc", "ftok", "/nonexistent/x", "s"]).output().expect("trellis runs");
    assert_eq!(missing.status.code(), Some(1));
}

#[test]
fn objects_are_listed() {
    let directory = tempfile::tempdir().expect("a directory");
    let key = key(directory.path());
    let ipc = |arguments: &[&str]| {
        let output = trellis().arg("ipc").args(arguments).output().expect("trellis runs");
        assert!(output.status.success(), "{output:?}");
        stdout(&output)
    };
    let name = key.to_string();
    ipc(&["shm", "send", &name, "x"]);
    ipc(&["msg", "send", &name, "x", "--mode", "640"]);
    let objects: Vec<serde_json::Value> = serde_json::from_str(&ipc(&["list", "--json"])).expect("JSON");
    let ours: Vec<_> = objects.iter().filter(|object| object["key"] == key.0).collect();
    let shown = |object: &serde_json::Value| {
        ["kind", "mode", "bytes", "count"].map(|name| object[name].to_string()).join(" ")
    };
    let shown: Vec<String> = ours.iter().map(|object| shown(object)).collect();
    assert_eq!(shown, ["\"shm\" \"600\" 10000 0", "\"msg\" \"640\" 8 1"]);
    let table = ipc(&["list"]);
    let heading: Vec<&str> = table.lines().next().expect("a heading").split_ascii_whitespace().collect();
    assert_eq!(heading, ["key", "kind", "id", "owner", "mode", "bytes", "count"]);
    assert_eq!(table.lines().filter(|line| line.starts_with(&name)).count(), 2, "{table}");
    ipc(&["shm", "delete", &name]);
    ipc(&["msg", "delete", &name]);
}

#[test]
fn reading_leaves_foreign_memory_as_it_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let key = key(directory.path());
    let memory = SharedMemory::open(key, 100, Open::Create(0o600)).expect("it is free");
    for arguments in [&["get"][..], &["list"], &["delete", "--variable", "1"]] {
        let (command, options) = arguments.split_first().expect("a command");
        let name = key.to_string();
        let output = trellis().args(["ipc", "shm", command, &name]).args(options).output();
        let output = output.expect("trellis runs");
        assert_eq!(output.status.code(), Some(4), "{command}");
        let said = format!(
            "error: segment {key}: the shared memory is empty, or not laid out as by PHP's shm_attach\n"
        );
        assert_eq!(String::from_utf8_lossy(&output.stderr), said, "{command}");
    }
    let mut bytes = [1; 100];
    memory.read(0, &mut bytes).expect("they are there");
    assert_eq!(bytes, [0; 100]);
    memory.remove().expect("it is ours");
}

#[test]
fn private_objects_are_not_made_and_can_be_deleted() {
    let run = |words: &str| trellis().args(words.split(' ')).output().expect("trellis runs");
    for command in
        ["shm send 0 x", "shm get 0x0", "msg send 0 x", "msg stat 0", "sem acquire 0 -- true", "sem get 0"]
    {
        let refused = run(&format!("ipc {command}"));
        assert_eq!(refused.status.code(), Some(2), "{command}");
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(said.contains("key 0 makes a new object each time"), "{command}: {said}");
    }
    let open = Open::OrCreate(0o600);
    let memory = SharedMemory::open(Key::PRIVATE, 10, open).expect("there is room");
    let queue = MessageQueue::open(Key::PRIVATE, open).expect("there is room");
    let semaphore = Semaphore::open(Key::PRIVATE, 1, open).expect("there is room");
    for (kind, id) in [("shm", memory.id()), ("msg", queue.id()), ("sem", semaphore.id())] {
        let deleted = run(&format!("ipc {kind} delete --id {id}"));
        assert!(deleted.status.success(), "{deleted:?}");
        // What is removed is not listed any more, or as one that waits for its last process.
        let refused = run(&format!("ipc {kind} delete"));
        assert_eq!(refused.status.code(), Some(2), "{kind}");
    }
    for kind in ["shm", "msg", "sem"] {
        let refused = run(&format!("ipc {kind} delete --id 2147483647"));
        assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    }
    assert!(queue.status().is_err() && semaphore.status().is_err());
}

#[test]
fn a_message_that_is_too_big_leaves_no_queue() {
    let directory = tempfile::tempdir().expect("a directory");
    let key = key(directory.path());
    let big = "x".repeat(100_000);
    let refused =
        trellis().args(["ipc", "msg", "send", &key.to_string(), &big]).output().expect("trellis runs");
    assert_eq!(refused.status.code(), Some(4), "{}", String::from_utf8_lossy(&refused.stderr));
    assert!(MessageQueue::open(key, Open::Existing).is_err());
}

#[test]
fn a_permit_is_held_as_long_as_the_command_lives() {
    let directory = tempfile::tempdir().expect("a directory");
    let key = key(directory.path()).to_string();
    let acquire = |timeout: &str, command: &str| {
        let mut acquire = trellis();
        acquire.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        acquire.args(["ipc", "sem", "acquire", &key, "--timeout", timeout, "--", command]);
        acquire
    };
    let mut holder = acquire("60", "cat").stdin(Stdio::piped()).spawn().expect("trellis starts");
    let mut input = holder.stdin.take().expect("a pipe");
    input.write_all(b"x").expect("the pipe takes it");
    // It has the permit once it is cat.
    holder.stdout.as_mut().expect("a pipe").read_exact(&mut [0]).expect("cat answers");
    let refused = acquire("0", "true").output().expect("trellis runs");
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(
        String::from_utf8_lossy(&refused.stderr),
        format!("error: no permit of semaphore {key} came in time\n")
    );
    let waiter = acquire("60", "true").spawn().expect("trellis starts");
    holder.kill().expect("it is there");
    holder.wait().expect("it ends");
    let waiter = waiter.wait_with_output().expect("it ends");
    assert_eq!(waiter.status.code(), Some(0), "{}", String::from_utf8_lossy(&waiter.stderr));
    assert!(trellis().args(["ipc", "sem", "delete", &key]).status().expect("trellis runs").success());
}

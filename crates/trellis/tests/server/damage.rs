//! Data directories that a crash or a bad disk has damaged: a torn tail is cut with a message, anything else is
//! refused and left alone.

use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::server::{Server, files, files_named, refusal, serve};

/// The smallest segments, so that a test can fill several.
const SMALL_SEGMENTS: &[&str] = &["--log-segment-bytes", "1M"];
const JOBS: u64 = 50;

/// A directory with that many jobs in it, of a server that has crashed.
fn crashed(jobs: u64, body_bytes: usize) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory for the data");
    let server = Server::start_with(directory.path(), SMALL_SEGMENTS);
    let mut client = server.connect();
    for id in 1..=jobs {
        assert_eq!(client.put("0 0 100", &"x".repeat(body_bytes)), id);
    }
    server.kill();
    directory
}

/// The segments of the log, oldest first. Files behind the last one that the manifest names are spares.
fn segments(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let manifest = std::fs::read(directory.join("manifest")).expect("there is a manifest");
    // Of its two copies, one may be a step behind.
    let last_of = |copy: &[u8]| u64::from_le_bytes(copy[32..40].try_into().expect("eight bytes"));
    let last = manifest.chunks(4096).map(last_of).max().expect("there are two copies");
    let last = format!("segment-{last:020}");
    let named = files_named(directory, "segment-").into_iter().filter(|(name, _)| *name <= last);
    named.map(|(name, bytes)| (directory.join(name), bytes)).collect()
}

/// The last segment, and where its last record ends.
fn last_record(directory: &Path) -> (PathBuf, u64) {
    let (path, bytes) = segments(directory).pop().expect("there is a segment");
    let end = bytes.iter().rposition(|byte| *byte != 0).expect("there is a record") + 1;
    (path, end as u64)
}

fn overwrite(path: &Path, offset: u64, bytes: &[u8]) {
    let mut file = OpenOptions::new().write(true).open(path).expect("the file is there");
    file.seek(SeekFrom::Start(offset)).expect("it can be sought");
    file.write_all(bytes).expect("it can be written");
}

/// The server must start, tell what it cut, and have all jobs but perhaps the last.
fn starts_without_the_last(directory: &Path) {
    let mut command = serve(directory);
    let mut server = Server::spawn(command.args(["--beanstalk", "127.0.0.1:0"]).args(SMALL_SEGMENTS));
    let message = server.wait_for("cut ");
    assert!(message.contains("segment-") && message.contains("WARN"), "{message}");
    let address = server.listening().parse().expect("a port");
    let mut client = crate::client::Client::connect(address);
    for id in 1..JOBS {
        assert_eq!(client.ask(format!("delete {id}")), "DELETED", "job {id}");
    }
}

/// The server must refuse, say where the damage is and what to do, and change nothing. Gives all that it says.
fn refuses(directory: &Path, file: &Path) -> String {
    let before = files(directory);
    let (code, messages) =
        refusal(serve(directory).args(["--beanstalk", "127.0.0.1:0"]).args(SMALL_SEGMENTS));
    assert_ne!(code, 0, "{messages}");
    assert!(messages.contains(&file.display().to_string()), "no {} in: {messages}", file.display());
    assert!(messages.contains("Nothing was changed. ") && messages.contains("from a copy"), "{messages}");
    assert!(files(directory) == before, "something was changed");
    messages
}

#[test]
fn a_record_that_was_not_written_to_its_end_is_cut() {
    let directory = crashed(JOBS, 100);
    let (path, end) = last_record(directory.path());
    overwrite(&path, end - 20, &[0; 20]);
    starts_without_the_last(directory.path());
}

#[test]
fn a_last_file_that_was_cut_short_is_refused_until_somebody_fills_it_up() {
    let directory = crashed(JOBS, 100);
    let (path, end) = last_record(directory.path());
    let file = OpenOptions::new().write(true).open(&path).expect("the file is there");
    let made = file.metadata().expect("it has a size").len();
    for cut in [made - 1, end - 20] {
        file.set_len(cut).expect("it can be cut");
        let messages = refuses(directory.path(), &path);
        let sizes = format!("{} has only {cut} of its {made} bytes", path.display());
        assert!(messages.contains(&sizes), "{messages}");
        assert!(messages.contains(&format!("`truncate -s {made} {}`", path.display())), "{messages}");
    }
    file.set_len(made).expect("it can be filled up");
    starts_without_the_last(directory.path());
}

#[test]
fn a_manifest_that_is_damaged_or_missing_is_told_as_that() {
    let directory = crashed(JOBS, 100);
    let path = directory.path().join("manifest");
    let original = std::fs::read(&path).expect("the manifest is there");
    // Each of its two copies has 4096 bytes.
    for place in [0, 8, 12, 16, 24, 32, 4095] {
        overwrite(&path, place, &[9]);
        overwrite(&path, place + 4096, &[9]);
        let messages = refuses(directory.path(), &path);
        assert!(messages.contains("is damaged at byte 0"), "byte {place}: {messages}");
        std::fs::write(&path, &original).expect("the file can be written");
    }
    std::fs::remove_file(&path).expect("the manifest is there");
    let messages = refuses(directory.path(), &path);
    let there = "is missing, although there are files of a log: segment-00000000000000000001";
    assert!(messages.contains(there), "{messages}");
    std::fs::write(&path, &original).expect("the file can be written");
    let server = Server::start_with(directory.path(), SMALL_SEGMENTS);
    assert_eq!(server.connect().ask("delete 1"), "DELETED", "the original is good");
}

#[test]
fn a_manifest_with_one_damaged_copy_is_repaired_with_a_warning() {
    let directory = crashed(JOBS, 100);
    let path = directory.path().join("manifest");
    let original = std::fs::read(&path).expect("the manifest is there");
    for (id, copy) in [(1, 0), (2, 4096)] {
        overwrite(&path, copy + 24, &[9]);
        let mut command = serve(directory.path());
        let mut server = Server::spawn(command.args(["--beanstalk", "127.0.0.1:0"]).args(SMALL_SEGMENTS));
        let message = server.wait_for(&format!("the copy at byte {copy} of {} was damaged", path.display()));
        assert!(message.contains("WARN") && message.contains("made again"), "{message}");
        let address = server.listening().parse().expect("a port");
        assert_eq!(crate::client::Client::connect(address).ask(format!("delete {id}")), "DELETED");
        server.kill();
        assert!(std::fs::read(&path).expect("the manifest is there") == original, "it is as it was");
    }
}

#[test]
fn a_snapshot_that_is_damaged_is_told_as_that() {
    // More than makes a snapshot due.
    let directory = crashed(1_400, 60_000);
    let snapshot = || {
        let names = files(directory.path()).into_iter().map(|(name, _)| name);
        let mut snapshots = names.filter(|name| name.starts_with("snapshot-") && !name.ends_with(".tmp"));
        snapshots.next().map(|name| directory.path().join(name))
    };
    let path = snapshot().expect("a snapshot was taken");
    let original = std::fs::read(&path).expect("the snapshot is there");
    for place in [8, original.len() / 2, original.len() - 1] {
        overwrite(&path, place as u64, &[!original[place]]);
        let messages = refuses(directory.path(), &path);
        let damaged = format!("{} is damaged at byte ", path.display());
        assert!(messages.contains(&damaged), "byte {place}: {messages}");
        std::fs::write(&path, &original).expect("the file can be written");
    }
}

#[test]
fn a_byte_that_has_changed_in_the_middle_is_refused() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut rng = fastrand::Rng::with_seed(seed);
    let directory = crashed(JOBS, 100);
    let (path, end) = last_record(directory.path());
    let original = std::fs::read(&path).expect("the file is there");
    for _ in 0..10 {
        // The records of the last tenth may not be known to be on the disk; they may pass for a torn tail.
        let place = rng.u64(0..end - end / 10);
        let changed = original[usize::try_from(place).expect("it is small")] ^ (1 << rng.u8(0..8));
        println!("byte {place} of {end}");
        overwrite(&path, place, &[changed]);
        refuses(directory.path(), &path);
        std::fs::write(&path, &original).expect("the file can be written");
    }
    let server = Server::start_with(directory.path(), SMALL_SEGMENTS);
    assert_eq!(server.connect().ask("delete 1"), "DELETED", "the original is good");
}

#[test]
fn a_missing_file_is_refused() {
    let directory = crashed(100, 60_000);
    let segments = segments(directory.path());
    assert!(segments.len() > 3, "there are only {} segments", segments.len());
    for (path, bytes) in [&segments[0], &segments[segments.len() / 2], &segments[segments.len() - 1]] {
        std::fs::remove_file(path).expect("the file is there");
        refuses(directory.path(), path);
        std::fs::write(path, bytes).expect("the file can be written");
    }
    let server = Server::start_with(directory.path(), SMALL_SEGMENTS);
    assert_eq!(server.connect().ask("delete 100"), "DELETED", "the original is good");
}

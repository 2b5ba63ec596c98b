//! Files of every format version, as they were once written. Those of a released version must be readable for ever;
//! those of the current one must come out the same, byte for byte, when the same is written again.
//!
//! A folder is named after the newest format in it, which is the manifest's; segments and snapshots are at version 1.
//! Of version 1 of the manifest, which was in no release, it must only be said what it is.
//!
//! `UPDATE=1 cargo test -p trellis-wal --test golden` writes the files of the current version anew, which is only
//! right before that version is released.

mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use support::{State, files, id, open};
use trellis_wal::snapshot::Snapshots;
use trellis_wal::testing::MemDisk;
use trellis_wal::{LogId, Recovered, WalError};

const CURRENT: u32 = 2;

fn golden(version: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(format!("v{version}"))
}

fn load(version: u32) -> MemDisk {
    let disk = MemDisk::new();
    for file in std::fs::read_dir(golden(version)).expect("the golden files") {
        let file = file.expect("a golden file");
        let name = file.file_name().into_string().expect("a plain name");
        disk.put(&name, std::fs::read(file.path()).expect("a golden file"));
    }
    disk
}

/// The log and the snapshot that the golden files hold: every kind of record, in two segments.
fn written() -> Result<MemDisk, WalError> {
    let disk = MemDisk::new();
    let (mut wal, _) = open(&disk)?;
    wal.save_vote(b"vote one")?;
    for index in 0..30 {
        wal.append_entry(id(index), &[index.to_string().repeat(50).as_bytes()])?;
    }
    wal.sync()?;
    wal.truncate_after(Some(27))?;
    wal.purge(id(3))?;
    wal.save_vote(b"vote two")?;
    wal.append_entry(LogId { term: 9, node: 2, index: 28 }, &[])?;
    wal.sync()?;
    assert_eq!(wal.segment_numbers(), 1..=2);

    let mut writer = Snapshots::open(Arc::new(disk.clone()))?.create(3, b"up to entry 3")?;
    writer.write(b"first chunk")?;
    writer.write(b"")?;
    writer.finish()?;
    Ok(disk)
}

#[test]
fn version_2_is_written_and_read_as_ever() {
    check_written();
    check_read();
}

#[test]
fn the_manifest_of_version_1_is_told_to_be_older_and_left_alone() {
    let disk = load(1);
    let refused = open(&disk).err().expect("it is no longer read");
    assert!(matches!(refused, WalError::OldVersion { version: 1, known: 2, .. }), "{refused}");
    let refused = refused.to_string();
    assert!(refused.contains("memory/manifest has format version 1, an older format"), "{refused}");
    assert!(refused.contains("Nothing was changed. "), "{refused}");
    assert_eq!(disk.operations(), 0);
}

fn check_written() {
    let written = files(&written().expect("a log"));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(golden(CURRENT)).expect("a directory");
        for (name, contents) in &written {
            std::fs::write(golden(CURRENT).join(name), contents).expect("a golden file");
        }
    }
    let golden = files(&load(CURRENT));
    assert!(written.keys().eq(golden.keys()), "{:?}", written.keys());
    for (name, contents) in written {
        assert!(golden[&name] == contents, "{name} is written in another way than it was");
    }
}

fn check_read() {
    let disk = load(CURRENT);
    let (wal, recovered) = open(&disk).expect("the log opens");
    let last = LogId { term: 9, node: 2, index: 28 };
    let expected = Recovered {
        created: false,
        vote: Some(b"vote two".to_vec()),
        last_purged: Some(id(3)),
        first_index: 4,
        last: Some(last),
        tail: None,
        damaged_copy: None,
    };
    assert_eq!(recovered, expected);
    let entries = State::of(&wal).entries;
    assert_eq!(entries.len(), 25);
    for index in 4..28 {
        assert_eq!(entries[&index], (id(index), index.to_string().repeat(50).into_bytes()));
    }
    assert_eq!(entries[&28], (last, Vec::new()));

    let reader = Snapshots::open(Arc::new(disk)).and_then(|snapshots| snapshots.read(3)).expect("a snapshot");
    assert_eq!(reader.meta(), b"up to entry 3");
    let chunks: Result<Vec<_>, _> = reader.collect();
    assert_eq!(chunks.expect("sound chunks"), ["first chunk", ""]);
}

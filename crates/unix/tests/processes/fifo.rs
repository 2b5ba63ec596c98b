//! Named pipes between processes.

use std::io::{Read, Write};
use std::time::Duration;

use trellis_unix::fifo::Fifo;
use trellis_unix::process::spawn;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[("fifo: bytes go from process to process", bytes_go_through)];

fn bytes_go_through() {
    let directory = tempfile::tempdir().unwrap();
    let fifo = Fifo::create(directory.path().join("pipe"), 0o600).unwrap();
    let write = |text: &'static str| {
        let fifo = fifo.clone();
        move || u8::from(fifo.waiting_writer().unwrap().write_all(text.as_bytes()).is_err())
    };
    // A writer that waits for its reader, and an end that is the writer's end.
    let mut writer = spawn(write("first")).unwrap();
    let mut reader = fifo.reader().unwrap();
    assert!(reader.wait(None).unwrap());
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!((text.as_str(), writer.wait().unwrap().success()), ("first", true));
    drop(reader);

    // A reader that outlives its writers.
    let mut reader = fifo.lasting_reader().unwrap();
    assert!(!reader.wait(Some(Duration::from_millis(1))).unwrap());
    for word in ["one", "two"] {
        assert!(spawn(write(word)).unwrap().wait().unwrap().success());
        let mut three = [0; 3];
        reader.read_exact(&mut three).unwrap();
        assert_eq!(three, word.as_bytes());
    }
}

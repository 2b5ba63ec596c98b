//! A log's file: appended to, put aside when it is full, and opened again when it was moved. Nothing here knows whose
//! output it is.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Where output goes, and how much of it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The file.
    pub(super) path: PathBuf,
    /// The bytes after which it is full.
    pub(super) bytes_max: u64,
    /// How many full files are kept.
    pub(super) files: u32,
}

/// An open file.
#[derive(Debug)]
pub(super) struct LogFile {
    file: File,
    bytes: u64,
}

impl LogFile {
    /// Opens the file for appending; it and its folder are made if they are not there.
    pub(super) fn open(path: &Path) -> io::Result<LogFile> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let bytes = file.metadata()?.len();
        Ok(LogFile { file, bytes })
    }

    /// Appends whole lines. Those that don't fit go into a new file, after this one was put aside. `lines` are those that are
    /// left; after an error, no part of them is in the file.
    pub(super) fn append(&mut self, lines: &mut &[u8], place: &Place) -> io::Result<()> {
        while !lines.is_empty() {
            let room = usize::try_from(place.bytes_max.saturating_sub(self.bytes)).unwrap_or(usize::MAX);
            let fits = match fitting(lines, room) {
                0 if self.bytes > 0 => {
                    put_aside(place)?;
                    *self = LogFile::open(&place.path)?;
                    continue;
                }
                // A line that is longer than the file may be has one of its own.
                0 => lines.iter().position(|byte| *byte == b'\n').map_or(lines.len(), |end| end + 1),
                fitting => fitting,
            };
            let (written, outcome) = self.write(&lines[..fits]);
            *lines = &lines[written..];
            outcome?;
        }
        Ok(())
    }

    /// Writes lines, if there is room for them; the bytes of those that are whole in the file.
    fn write(&mut self, lines: &[u8]) -> (usize, io::Result<()>) {
        let mut written = 0;
        while written < lines.len() {
            let error = match self.file.write(&lines[written..]) {
                Ok(0) => io::ErrorKind::WriteZero.into(),
                Ok(bytes) => {
                    written += bytes;
                    self.bytes += bytes as u64;
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => error,
            };
            let whole = whole(&lines[..written]);
            self.take_back((written - whole) as u64);
            return (whole, Err(error));
        }
        (written, Ok(()))
    }

    /// Removes the beginning of a line whose end found no room.
    fn take_back(&mut self, bytes: u64) {
        // Where this fails, or what is written to is no file, a torn line is the least evil.
        let _ = self.file.metadata().and_then(|now| match now.len().checked_sub(bytes) {
            Some(left) if bytes > 0 => self.file.set_len(left),
            _ => Ok(()),
        });
        self.bytes -= bytes;
    }
}

/// The bytes of those lines that fit into the room.
fn fitting(lines: &[u8], room: usize) -> usize {
    if lines.len() <= room {
        return lines.len();
    }
    whole(&lines[..room])
}

/// The bytes of the whole lines.
fn whole(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1)
}

/// Makes the file the first of the full ones, and forgets the oldest.
fn put_aside(place: &Place) -> io::Result<()> {
    let numbered = |number: u32| {
        let mut path = place.path.clone().into_os_string();
        path.push(format!(".{number}"));
        PathBuf::from(path)
    };
    if place.files == 0 {
        return fs::remove_file(&place.path);
    }
    for number in (1..place.files).rev() {
        match fs::rename(numbered(number), numbered(number + 1)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    fs::rename(&place.path, numbered(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_files_are_put_aside_and_the_oldest_is_forgotten() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("logs/mail.log");
        let found = || {
            let mut files: Vec<String> = fs::read_dir(folder.path().join("logs"))
                .expect("the folder is there")
                .map(|entry| entry.expect("an entry").path())
                .map(|path| {
                    let text = fs::read_to_string(&path).expect("text");
                    format!("{} {text:?}", path.file_name().expect("a name").to_string_lossy())
                })
                .collect();
            files.sort();
            files
        };
        let place = Place { path: path.clone(), bytes_max: 6, files: 2 };
        let mut file = LogFile::open(&path).expect("it can be made");
        for lines in ["one\n", "2\n", "three\na very long line\n5\n"] {
            file.append(&mut lines.as_bytes(), &place).expect("it can be written");
        }
        assert_eq!(
            found(),
            [r#"mail.log "5\n""#, r#"mail.log.1 "a very long line\n""#, r#"mail.log.2 "three\n""#]
        );
        // What was there before counts.
        let mut file = LogFile::open(&path).expect("it can be opened");
        file.append(&mut &b"six6\n"[..], &Place { files: 0, ..place }).expect("it can be written");
        assert_eq!(found()[0], r#"mail.log "six6\n""#);
        assert_eq!(found()[1], r#"mail.log.1 "a very long line\n""#);
    }
}

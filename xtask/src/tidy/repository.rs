//! What the rules look at: the files that git knows or would add, and cargo's metadata. Read once, then only
//! looked at.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result};

use super::mask;
use super::metadata::Metadata;
use crate::process::{capture, root};

/// The repository as the rules see it.
#[derive(Default)]
pub(super) struct Repository {
    pub(super) files: Vec<File>,
    pub(super) metadata: Metadata,
    /// Folders of this very machine that no file may mention: the checkout and the home.
    pub(super) private: Vec<String>,
}

/// One file.
pub(super) struct File {
    /// Relative to the repository's top, with forward slashes.
    pub(super) path: String,
    /// Its size in bytes.
    pub(super) size: usize,
    /// Its text; `None` for what is not text, and for a fuzzer's corpus, where text is an accident.
    pub(super) text: Option<String>,
    /// For Rust: the text with comments and literals blanked, line by line the same.
    pub(super) code: Option<String>,
}

impl File {
    fn new(path: &str, bytes: Vec<u8>) -> File {
        let size = bytes.len();
        let text = String::from_utf8(bytes).ok();
        let text = text.filter(|text| !text.contains('\0') && !path.contains("/corpus/"));
        let code = text.as_deref().filter(|_| path.ends_with(".rs")).map(mask::code);
        File { path: path.to_owned(), size, text, code }
    }

    /// The folder that holds the file; empty at the top.
    pub(super) fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

impl Repository {
    /// Reads everything.
    pub(super) fn load() -> Result<Repository> {
        let root = root()?;
        let mut list = Command::new("git");
        list.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(&root);
        let list = capture(&mut list).context("tidy looks at the files that git knows")?;
        let mut files = Vec::new();
        for path in list.split_terminator('\0') {
            // A file that was deleted but not yet committed is still listed; a link is not a file.
            if fs::symlink_metadata(root.join(path)).is_ok_and(|entry| entry.is_file()) {
                let bytes = fs::read(root.join(path)).with_context(|| format!("cannot read {path}"))?;
                files.push(File::new(path, bytes));
            }
        }
        let home = env::var_os("HOME").map(PathBuf::from);
        let private = [Some(root), home].into_iter().flatten();
        let private = private.map(|path| path.display().to_string()).filter(|path| path.len() > 1).collect();
        Ok(Repository { files, metadata: Metadata::load()?, private })
    }

    /// The file at `path`.
    pub(super) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The text of the file at `path`.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.file(path)?.text.as_deref()
    }

    /// Every line of text: the file, the line's number and the line.
    pub(super) fn lines(&self) -> impl Iterator<Item = (&File, usize, &str)> {
        self.files.iter().flat_map(|file| numbered(file, file.text.as_deref()))
    }

    /// Every line of Rust without comments and literals: the file, the line's number and the line.
    pub(super) fn code_lines(&self) -> impl Iterator<Item = (&File, usize, &str)> {
        self.files.iter().flat_map(|file| numbered(file, file.code.as_deref()))
    }

    /// For tests: files by path and text.
    #[cfg(test)]
    pub(super) fn of_files(files: &[(&str, &str)]) -> Repository {
        let files = files.iter().map(|(path, text)| File::new(path, text.as_bytes().to_vec())).collect();
        Repository { files, ..Repository::default() }
    }
}

fn numbered<'a>(file: &'a File, text: Option<&'a str>) -> impl Iterator<Item = (&'a File, usize, &'a str)> {
    let lines = text.unwrap_or_default().split_terminator('\n').enumerate();
    lines.map(move |(index, line)| (file, index + 1, line))
}

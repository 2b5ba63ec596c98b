//! Output in lines: what a process writes in pieces is cut into whole lines, each with a prefix. No I/O.

use crate::limits::LOG_LINE_BYTES_MAX;

/// The output of one process.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The beginning of a line whose end has not come.
    begun: Vec<u8>,
}

impl Lines {
    /// Takes a piece, and appends the lines that are whole with it. A line that is too long is cut into several.
    pub(super) fn take(&mut self, mut piece: &[u8], prefix: &[u8], into: &mut Vec<u8>) {
        while !piece.is_empty() {
            let room = LOG_LINE_BYTES_MAX - self.begun.len();
            let end = piece.iter().take(room).position(|byte| *byte == b'\n');
            let (part, rest) = match end {
                Some(end) => (&piece[..end], &piece[end + 1..]),
                None => piece.split_at(room.min(piece.len())),
            };
            if end.is_none() && part.len() < room {
                self.begun.extend_from_slice(part);
                return;
            }
            into.extend_from_slice(prefix);
            into.append(&mut self.begun);
            into.extend_from_slice(part);
            into.push(b'\n');
            piece = rest;
        }
    }

    /// Appends what has no end and will get none.
    pub(super) fn finish(&mut self, prefix: &[u8], into: &mut Vec<u8>) {
        if !self.begun.is_empty() {
            self.take(b"\n", prefix, into);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> String {
        let (mut lines, mut into) = (Lines::default(), Vec::new());
        pieces.iter().for_each(|piece| lines.take(piece, b"> ", &mut into));
        lines.finish(b"> ", &mut into);
        String::from_utf8(into).expect("text")
    }

    #[test]
    fn each_line_has_the_prefix_however_it_comes() {
        let table: &[(&[&[u8]], &str)] = &[
            (&[], ""),
            (&[b"a\n"], "> a\n"),
            (&[b"a\nb\n"], "> a\n> b\n"),
            (&[b"a", b"b\nc", b"\n"], "> ab\n> c\n"),
            (&[b"a\n", b"b"], "> a\n> b\n"),
            (&[b"\n\n"], "> \n> \n"),
        ];
        for (pieces, wanted) in table {
            assert_eq!(lines(pieces), *wanted, "{pieces:?}");
        }
    }

    #[test]
    fn a_long_line_is_cut() {
        let long = vec![b'x'; LOG_LINE_BYTES_MAX];
        let whole = String::from_utf8(long.clone()).expect("text");
        assert_eq!(lines(&[&long, b"y\n"]), format!("> {whole}\n> y\n"));
        assert_eq!(lines(&[&long[1..], b"x", b"y\n"]), format!("> {whole}\n> y\n"));
        assert_eq!(lines(&[&long[1..], b"\n"]), format!("> {}\n", &whole[1..]));
    }
}

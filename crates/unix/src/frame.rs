//! Frames: four bytes of length, big end first, and as many bytes. What they carry is no business of this file.

use std::io::{self, Read, Write};

use thiserror::Error;

/// Why there is no frame.
#[derive(Debug, Error)]
pub enum FrameError {
    /// A frame is longer than was agreed.
    #[error("a frame of {bytes} bytes, where {bytes_max} are the most")]
    TooLong {
        /// The length that it has or announces.
        bytes: u64,
        /// The longest that is accepted.
        bytes_max: u32,
    },
    /// The bytes end in the middle of a frame.
    #[error("the bytes end in the middle of a frame: {missing} more were announced")]
    Cut {
        /// How many bytes are missing: of the body if its length is known, else of the length.
        missing: u32,
    },
    /// Reading or writing has failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Finds frames in bytes that come in pieces. It allocates no more than twice what has come.
///
/// # Example
///
/// ```
/// use trellis_unix::frame::Decoder;
///
/// let mut decoder = Decoder::new(100);
/// let mut input: &[u8] = b"\0\0\0\x02hi\0\0";
/// assert_eq!(decoder.push(&mut input)?, Some(b"hi".to_vec()));
/// assert_eq!(decoder.push(&mut input)?, None);
/// assert!(decoder.is_inside(), "two bytes of the next frame's length have come");
/// # Ok::<(), trellis_unix::frame::FrameError>(())
/// ```
#[derive(Debug)]
pub struct Decoder {
    bytes_max: u32,
    head: [u8; 4],
    /// How many bytes of the head have come.
    head_bytes: usize,
    body: Vec<u8>,
}

impl Decoder {
    /// A decoder that accepts frames of up to so many bytes, without their length.
    pub fn new(bytes_max: u32) -> Decoder {
        Decoder { bytes_max, head: [0; 4], head_bytes: 0, body: Vec::new() }
    }

    /// Takes bytes from the input, up to the end of a frame, and returns the frame. `None` means that all of the input
    /// was taken and more is needed.
    ///
    /// # Errors
    ///
    /// [`FrameError::TooLong`] as soon as the length is known; there is no going on after it.
    pub fn push(&mut self, input: &mut &[u8]) -> Result<Option<Vec<u8>>, FrameError> {
        let head = take(input, self.head.len() - self.head_bytes);
        self.head[self.head_bytes..][..head.len()].copy_from_slice(head);
        self.head_bytes += head.len();
        if self.head_bytes < self.head.len() {
            return Ok(None);
        }
        let bytes = u32::from_be_bytes(self.head);
        if bytes > self.bytes_max {
            return Err(FrameError::TooLong { bytes: bytes.into(), bytes_max: self.bytes_max });
        }
        let bytes = bytes as usize;
        self.body.extend_from_slice(take(input, bytes - self.body.len()));
        if self.body.len() < bytes {
            return Ok(None);
        }
        self.head_bytes = 0;
        Ok(Some(std::mem::take(&mut self.body)))
    }

    /// Whether a frame has begun and not ended.
    pub fn is_inside(&self) -> bool {
        self.head_bytes > 0
    }

    /// How many bytes are missing of the frame that has begun: of its body, or of its length as long as that is not
    /// known. Zero between frames.
    pub fn missing(&self) -> u32 {
        let missing = match self.head_bytes {
            0 => 0,
            4 => u32::from_be_bytes(self.head) as usize - self.body.len(),
            some => 4 - some,
        };
        u32::try_from(missing).unwrap_or(u32::MAX)
    }
}

/// The beginning of the input, up to so many bytes, which it loses.
fn take<'a>(input: &mut &'a [u8], bytes_max: usize) -> &'a [u8] {
    let (taken, rest) = input.split_at(bytes_max.min(input.len()));
    *input = rest;
    taken
}

/// Writes one frame.
///
/// # Errors
///
/// [`FrameError::TooLong`] before anything is written, [`FrameError::Io`] if writing fails.
///
/// # Example
///
/// ```
/// use std::os::unix::net::UnixStream;
/// use trellis_unix::frame::{read_frame, write_frame};
///
/// let (mut one, mut other) = UnixStream::pair()?;
/// write_frame(&mut one, b"hello", 100)?;
/// assert_eq!(read_frame(&mut other, 100)?, Some(b"hello".to_vec()));
/// drop(one);
/// assert_eq!(read_frame(&mut other, 100)?, None);
/// # Ok::<(), trellis_unix::frame::FrameError>(())
/// ```
pub fn write_frame(
    writer: &mut (impl Write + ?Sized),
    body: &[u8],
    bytes_max: u32,
) -> Result<(), FrameError> {
    let bytes = u32::try_from(body.len()).ok().filter(|bytes| *bytes <= bytes_max);
    let bytes = bytes.ok_or(FrameError::TooLong { bytes: body.len() as u64, bytes_max })?;
    writer.write_all(&bytes.to_be_bytes())?;
    writer.write_all(body)?;
    Ok(writer.flush()?)
}

/// Reads one frame; `None` if the other side has closed between two frames.
///
/// # Errors
///
/// [`FrameError::TooLong`], [`FrameError::Cut`] if the other side has closed in the middle of a frame, [`FrameError::Io`]
/// if reading fails. There is no going on after any of them.
pub fn read_frame(reader: &mut (impl Read + ?Sized), bytes_max: u32) -> Result<Option<Vec<u8>>, FrameError> {
    let mut head = Vec::with_capacity(4);
    Read::take(&mut *reader, 4).read_to_end(&mut head)?;
    let Ok(head) = <[u8; 4]>::try_from(head.as_slice()) else {
        let missing = 4 - u32::try_from(head.len()).unwrap_or(0);
        return if missing == 4 { Ok(None) } else { Err(FrameError::Cut { missing }) };
    };
    let bytes = u32::from_be_bytes(head);
    if bytes > bytes_max {
        return Err(FrameError::TooLong { bytes: bytes.into(), bytes_max });
    }
    // It grows as the bytes come, however many were announced.
    let mut body = Vec::new();
    Read::take(&mut *reader, bytes.into()).read_to_end(&mut body)?;
    match bytes - u32::try_from(body.len()).unwrap_or(bytes) {
        0 => Ok(Some(body)),
        missing => Err(FrameError::Cut { missing }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames and what comes after them, in words, from bytes that come in pieces of this size.
    fn decoded(bytes: &[u8], piece: usize) -> Vec<String> {
        let mut decoder = Decoder::new(5);
        let mut found = Vec::new();
        for mut piece in bytes.chunks(piece) {
            loop {
                match decoder.push(&mut piece) {
                    Ok(Some(frame)) => found.push(frame.escape_ascii().to_string()),
                    Ok(None) => break,
                    Err(error) => {
                        found.push(error.to_string());
                        return found;
                    }
                }
            }
        }
        if decoder.is_inside() {
            found.push(format!("{} missing", decoder.missing()));
        }
        found
    }

    #[test]
    fn frames_are_found_however_the_bytes_come() {
        let too_long = "a frame of 6 bytes, where 5 are the most";
        let cases: &[(&[u8], &[&str])] = &[
            (b"", &[]),
            (b"\0\0\0\x02hi", &["hi"]),
            (b"\0\0\0\0\0\0\0\x01x", &["", "x"]),
            (b"\0\0\0\x05hello\0\0\0\x06", &["hello", too_long]),
            (b"\xff\xff\xff\xffx", &["a frame of 4294967295 bytes, where 5 are the most"]),
            (b"\0\0\0", &["1 missing"]),
            (b"\0\0\0\x03", &["3 missing"]),
            (b"\0\0\0\x01x\0\0\0\x03ab", &["x", "1 missing"]),
        ];
        for (bytes, wanted) in cases {
            for piece in 1..=bytes.len().max(1) {
                assert_eq!(decoded(bytes, piece), *wanted, "{} by {piece}", bytes.escape_ascii());
            }
        }
    }

    #[test]
    fn reading_knows_the_same_ends() {
        let read = |bytes: &[u8]| match read_frame(&mut { bytes }, 5) {
            Ok(frame) => format!("{:?}", frame.map(|frame| frame.escape_ascii().to_string())),
            Err(error) => error.to_string(),
        };
        assert_eq!(read(b""), "None");
        assert_eq!(read(b"\0\0\0\x02hi\0"), "Some(\"hi\")");
        assert_eq!(read(b"\0"), "the bytes end in the middle of a frame: 3 more were announced");
        assert_eq!(read(b"\0\0\0\x03hi"), "the bytes end in the middle of a frame: 1 more were announced");
        assert_eq!(read(b"\0\0\0\x06"), "a frame of 6 bytes, where 5 are the most");
    }

    #[test]
    fn what_is_too_long_is_not_written() {
        let mut written = Vec::new();
        assert!(matches!(
            write_frame(&mut written, b"hello!", 5),
            Err(FrameError::TooLong { bytes: 6, bytes_max: 5 })
        ));
        assert_eq!(written, b"");
        write_frame(&mut written, b"hello", 5).unwrap();
        assert_eq!(written, b"\0\0\0\x05hello");
    }
}

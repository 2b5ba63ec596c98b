//! Frames: a length in four bytes, and so many bytes. Knows nothing of what is in them.

use thiserror::Error;

use crate::jute::write_i32;

const LENGTH_BYTES: usize = 4;

/// A length that no frame has. There is no telling where the next frame starts: close the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "a frame is announced with {bytes} bytes, and from 1 to {bytes_max} are taken: \
     raise the limit (jute.maxbuffer) if the peer speaks ZooKeeper's protocol"
)]
pub struct FrameError {
    /// What was announced.
    pub bytes: i32,
    /// What the caller takes.
    pub bytes_max: u32,
}

/// Takes the next frame from the front of `input`, and advances `input` over it. `None` asks for more bytes and
/// consumes nothing: the caller keeps them, and calls again with more behind them, at least
/// [`frame_bytes_wanted`]. What is given is what stands behind the length.
///
/// On a connection's first bytes, ask [`FourLetterWord::detect`](crate::FourLetterWord::detect) before.
///
/// ```
/// use trellis_zk_codec::limits::FRAME_BYTES_MAX_DEFAULT;
/// use trellis_zk_codec::{FrameError, frame_bytes_wanted, take_frame};
///
/// let mut input: &[u8] = b"\0\0\0\x03one\0\0\0\x03tw";
/// assert_eq!(take_frame(&mut input, FRAME_BYTES_MAX_DEFAULT), Ok(Some(&b"one"[..])));
/// assert_eq!(take_frame(&mut input, FRAME_BYTES_MAX_DEFAULT), Ok(None));
/// assert_eq!((input, frame_bytes_wanted(input)), (&b"\0\0\0\x03tw"[..], 1));
///
/// let mut input: &[u8] = b"\x00\x10\x00\x00";
/// let too_long = FrameError { bytes: 1_048_576, bytes_max: FRAME_BYTES_MAX_DEFAULT };
/// assert_eq!(take_frame(&mut input, FRAME_BYTES_MAX_DEFAULT), Err(too_long));
/// ```
///
/// # Errors
/// If the frame would have more than `bytes_max` bytes, or none, or less; nothing is consumed then. The real
/// server hangs up on all of them.
pub fn take_frame<'a>(input: &mut &'a [u8], bytes_max: u32) -> Result<Option<&'a [u8]>, FrameError> {
    let Some((length, rest)) = input.split_first_chunk() else { return Ok(None) };
    let bytes = i32::from_be_bytes(*length);
    let length = u32::try_from(bytes)
        .ok()
        .filter(|length| (1..=bytes_max).contains(length))
        .ok_or(FrameError { bytes, bytes_max })?;
    let Some((frame, rest)) = rest.split_at_checked(length as usize) else { return Ok(None) };
    *input = rest;
    Ok(Some(frame))
}

/// After [`take_frame`] has given `None` for `input`: the least number of further bytes with which calling again
/// can lead anywhere. At least 1.
pub fn frame_bytes_wanted(input: &[u8]) -> usize {
    let frame_bytes = match input.first_chunk() {
        Some(length) => LENGTH_BYTES + usize::try_from(i32::from_be_bytes(*length)).unwrap_or_default(),
        None => LENGTH_BYTES,
    };
    frame_bytes.saturating_sub(input.len()).max(1)
}

/// A frame that is being written. Its length is put in at the end.
#[must_use = "a frame must be ended"]
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenFrame {
    start: usize,
}

/// A frame has over 2 GiB, which no length can say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TooLong;

impl OpenFrame {
    /// Leaves room for the length. What is appended to `out` from now on is in the frame.
    pub(crate) fn begin(out: &mut Vec<u8>) -> Self {
        let start = out.len();
        write_i32(-1, out);
        Self { start }
    }

    /// Bytes of it so far, with its length.
    pub(crate) fn bytes(self, out: &[u8]) -> usize {
        out.len() - self.start
    }

    /// Puts the length in, or takes the whole frame back out.
    pub(crate) fn end(self, out: &mut Vec<u8>) -> Result<(), TooLong> {
        let body = self.start + LENGTH_BYTES;
        let Ok(length) = i32::try_from(out.len() - body) else {
            out.truncate(self.start);
            return Err(TooLong);
        };
        out[self.start..body].copy_from_slice(&length.to_be_bytes());
        Ok(())
    }

    /// As [`Self::end`], for what the caller answers for.
    pub(crate) fn end_or_panic(self, out: &mut Vec<u8>) {
        self.end(out).unwrap_or_else(|TooLong| panic!("a request can't have over 2 GiB"));
    }
}

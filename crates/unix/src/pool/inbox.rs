//! What one child has said so far, and what that comes to when it has ended. It reads and waits for nothing itself.

use super::outcome::TaskError;
use crate::frame::{Decoder, FrameError};
use crate::process::Status;

/// The bytes of one child.
#[derive(Debug)]
pub(super) struct Inbox {
    decoder: Decoder,
    result: Option<Vec<u8>>,
    /// What is wrong with the bytes; after it, no more are looked at.
    fault: Option<TaskError>,
}

impl Inbox {
    /// An inbox for a result of up to so many bytes.
    pub(super) fn new(bytes_max: u32) -> Inbox {
        Inbox { decoder: Decoder::new(bytes_max), result: None, fault: None }
    }

    /// Takes what the child has written. Returns whether it makes sense to go on reading.
    pub(super) fn push(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() && self.fault.is_none() {
            if self.result.is_some() {
                self.fault = Some(TaskError::Garbage { what: "it goes on after its result" });
                break;
            }
            match self.decoder.push(&mut bytes) {
                Ok(frame) => self.result = frame,
                Err(FrameError::TooLong { bytes, bytes_max }) => {
                    self.fault = Some(TaskError::TooLong { bytes, bytes_max });
                }
                Err(_) => self.fault = Some(TaskError::Garbage { what: "it is no frame" }),
            }
        }
        self.fault.is_none()
    }

    /// What the task has come to, now that the child has ended and all that it wrote is here. How it ended is not known
    /// if somebody else took its end.
    pub(super) fn close(self, status: Option<Status>) -> Result<Vec<u8>, TaskError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        if let Some(result) = self.result {
            return Ok(result);
        }
        Err(match self.decoder.is_inside() {
            true => TaskError::Cut { missing: self.decoder.missing(), status },
            false => TaskError::NoResult { status },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_is_one_result_or_one_error() {
        let (well, killed) = (Some(Status::Exited(0)), Some(Status::Killed(9)));
        let cases: &[(&[u8], Option<Status>, &str)] = &[
            (b"\0\0\0\x02hi", well, "hi"),
            (b"\0\0\0\x02hi", killed, "hi"),
            (b"\0\0\0\x02hi", None, "hi"),
            (b"\0\0\0\0", Some(Status::Exited(3)), ""),
            (b"", well, "the child ended without a result (exit code 0)"),
            (b"", killed, "the child ended without a result (killed by SIGKILL)"),
            (b"", None, "the child ended without a result (how is not known)"),
            (
                b"\0\0\0\x02h",
                killed,
                "the child ended before its result did, 1 bytes short (killed by SIGKILL)",
            ),
            (b"\0\0", well, "the child ended before its result did, 2 bytes short (exit code 0)"),
            (b"\0\0\0\x02hi!", well, "what the child wrote makes no sense: it goes on after its result"),
            (b"hello", well, "the result has 1751477356 bytes, where 9 are the most"),
        ];
        for (bytes, status, wanted) in cases {
            for piece in 1..=bytes.len().max(1) {
                let mut inbox = Inbox::new(9);
                let mut sense = true;
                for piece in bytes.chunks(piece) {
                    let goes_on = inbox.push(piece);
                    assert!(sense || !goes_on, "what makes no sense never makes any");
                    sense = goes_on;
                }
                let found = match inbox.close(*status) {
                    Ok(result) => String::from_utf8(result).unwrap(),
                    Err(error) => error.to_string(),
                };
                assert_eq!(found, *wanted, "{} by {piece}", bytes.escape_ascii());
            }
        }
    }
}

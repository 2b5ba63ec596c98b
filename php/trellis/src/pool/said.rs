//! What children say: each frame is a value as `serialize()` writes it. The last one has a mark before it that no such text
//! begins with: of the task's own value, if it has one, or of why there is none.

use ext_php_rs::types::{ZendStr, Zval};
use trellis_php_host::{Exception, Throw, call_function, string};
use trellis_unix::php::{PhpValue, serialize, unserialize};

use super::PoolFailure;

/// A result, or why there is none.
pub(super) enum Said {
    /// A value that came from another process.
    Bytes(Vec<u8>),
    /// A value that never left this process.
    Value(Zval),
    /// The task has failed.
    Failure(Failure),
}

/// Why there is no result.
#[derive(Debug, PartialEq)]
pub(super) struct Failure {
    pub(super) message: String,
    pub(super) code: i64,
}

/// How a failure's frame begins, and that of what the task has returned. Both are the last of a child.
const FAILED: u8 = b'!';
const RETURNED: u8 = b'=';

/// Whether a child says nothing more.
pub(super) fn is_last(frame: &[u8]) -> bool {
    matches!(frame.first(), Some(&(FAILED | RETURNED)))
}

/// The frame of what a task has returned; null is no value.
pub(super) fn returned(value: &Zval) -> Vec<u8> {
    let text = value.zend_str().map(ZendStr::as_bytes).unwrap_or_default();
    [&[RETURNED], text].concat()
}

impl Said {
    /// PHP's value, if it is one.
    pub(super) fn value(&self) -> Option<&Zval> {
        match self {
            Said::Value(value) => Some(value),
            Said::Bytes(_) | Said::Failure(_) => None,
        }
    }

    /// What a frame says; none if it is only that there is nothing more.
    pub(super) fn of_frame(frame: Vec<u8>) -> Option<Said> {
        match frame.split_first() {
            Some((&FAILED, rest)) => Some(Said::Failure(Failure::decode(rest))),
            Some((&RETURNED, [])) => None,
            Some((&RETURNED, rest)) => Some(Said::Bytes(rest.to_vec())),
            _ => Some(Said::Bytes(frame)),
        }
    }

    /// The value for who asks for results.
    ///
    /// # Errors
    ///
    /// A `ProcessPoolException` for a failure; what a class throws that is woken up.
    pub(super) fn open(self) -> Result<Zval, Throw> {
        match self {
            Said::Value(value) => Ok(value),
            Said::Bytes(bytes) => call_function("unserialize", [string(bytes)]),
            Said::Failure(Failure { message, code }) => {
                Err(PoolFailure::with(&message, i32::try_from(code).unwrap_or(0)))
            }
        }
    }
}

impl Failure {
    /// The frame's bytes.
    pub(super) fn encode(&self) -> Vec<u8> {
        let message = PhpValue::String(self.message.clone().into_bytes());
        let fields = PhpValue::list([message, PhpValue::Int(self.code)]);
        let mut frame = vec![FAILED];
        // Two plain values are never too deep.
        frame.extend(serialize(&fields).unwrap_or_default());
        frame
    }

    fn decode(bytes: &[u8]) -> Failure {
        let fields = unserialize(bytes).unwrap_or(PhpValue::Null);
        let message =
            fields.get(0).and_then(PhpValue::as_bytes).unwrap_or(b"the worker's reason makes no sense");
        let code = fields.get(1).and_then(PhpValue::as_int).unwrap_or(0);
        Failure { message: String::from_utf8_lossy(message).into_owned(), code }
    }
}

//! Bytes to values. The bytes may come from anybody: nothing is allocated that has not come, and nothing panics.

use thiserror::Error;

use super::value::{PhpKey, PhpObject, PhpValue};
use crate::limits::PHP_DEPTH_MAX;

/// Why bytes are no value. Positions are counted in bytes from 0.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ParseError {
    /// They end in the middle of it.
    #[error("the bytes end in the middle of a value")]
    Cut,
    /// Something else stands there than may.
    #[error("at byte {at}: {wanted} should stand there")]
    Unexpected {
        /// Where.
        at: usize,
        /// What may stand there.
        wanted: &'static str,
    },
    /// Arrays and objects lie deeper in each other than [`PHP_DEPTH_MAX`].
    #[error("at byte {at}: arrays or objects in each other, more than {PHP_DEPTH_MAX} deep")]
    TooDeep {
        /// Where.
        at: usize,
    },
    /// There are bytes after the value.
    #[error("at byte {at}: the value has ended, and there is more")]
    More {
        /// Where.
        at: usize,
    },
}

/// The value that `serialize()` has written.
///
/// # Errors
///
/// The bytes are no value, or not exactly one.
///
/// # Example
///
/// ```
/// use trellis_unix::php::{PhpValue, unserialize};
///
/// assert_eq!(unserialize(b"i:7;")?, PhpValue::Int(7));
/// assert!(unserialize(b"i:7").is_err());
/// # Ok::<(), trellis_unix::php::ParseError>(())
/// ```
pub fn unserialize(bytes: &[u8]) -> Result<PhpValue, ParseError> {
    let mut parser = Parser { bytes, at: 0 };
    let value = parser.value(0)?;
    if parser.at < bytes.len() { Err(ParseError::More { at: parser.at }) } else { Ok(value) }
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Parser<'a> {
    fn value(&mut self, depth: usize) -> Result<PhpValue, ParseError> {
        let at = self.at;
        let tag = self.byte()?;
        if tag == b'N' {
            self.expect(b";", "`;`")?;
            return Ok(PhpValue::Null);
        }
        let value = match tag {
            b'b' | b'i' | b'd' | b'R' | b'r' => self.scalar(tag)?,
            b's' => PhpValue::String(self.closed_string()?),
            b'E' => PhpValue::Enum(self.closed_string()?),
            b'a' => {
                let count = self.count()?;
                PhpValue::Array(self.entries(count, depth)?)
            }
            b'O' => {
                let class = self.string()?;
                let count = self.count()?;
                PhpValue::Object(PhpObject { class, properties: self.entries(count, depth)? })
            }
            b'C' => {
                let class = self.string()?;
                let length = self.count()?;
                self.expect(b"{", "`{`")?;
                let data = self.take(length)?.to_vec();
                self.expect(b"}", "`}`")?;
                PhpValue::Custom { class, data }
            }
            _ => return Err(ParseError::Unexpected { at, wanted: "one of N b i d s a O C E R r" }),
        };
        Ok(value)
    }

    fn scalar(&mut self, tag: u8) -> Result<PhpValue, ParseError> {
        self.expect(b":", "`:`")?;
        let at = self.at;
        let text = self.until(b';')?;
        let value = match (tag, text) {
            (b'b', "0") => Some(PhpValue::Bool(false)),
            (b'b', "1") => Some(PhpValue::Bool(true)),
            (b'b', _) => None,
            (b'd', text) => float(text).map(PhpValue::Float),
            (b'i', text) => text.parse().ok().map(PhpValue::Int),
            (b'R', text) => text.parse().ok().map(PhpValue::Reference),
            (_, text) => text.parse().ok().map(PhpValue::SameObject),
        };
        value.ok_or(ParseError::Unexpected { at, wanted: "a number" })
    }

    /// Keys and values in braces.
    fn entries(&mut self, count: usize, depth: usize) -> Result<Vec<(PhpKey, PhpValue)>, ParseError> {
        if depth == PHP_DEPTH_MAX {
            return Err(ParseError::TooDeep { at: self.at });
        }
        self.expect(b"{", "`{`")?;
        // The count is only believed as the entries come.
        let mut entries = Vec::new();
        for _ in 0..count {
            let at = self.at;
            let key = match self.byte()? {
                b'i' => match self.scalar(b'i')? {
                    PhpValue::Int(number) => PhpKey::Int(number),
                    _ => return Err(ParseError::Unexpected { at, wanted: "a key" }),
                },
                b's' => PhpKey::String(self.closed_string()?),
                _ => return Err(ParseError::Unexpected { at, wanted: "a key" }),
            };
            entries.push((key, self.value(depth + 1)?));
        }
        self.expect(b"}", "`}`")?;
        Ok(entries)
    }

    /// `:length:"bytes"`, and `;` after it.
    fn closed_string(&mut self) -> Result<Vec<u8>, ParseError> {
        let string = self.string()?;
        self.expect(b";", "`;`")?;
        Ok(string)
    }

    /// `:length:"bytes"`
    fn string(&mut self) -> Result<Vec<u8>, ParseError> {
        let length = self.count()?;
        self.expect(b"\"", "`\"`")?;
        let string = self.take(length)?.to_vec();
        self.expect(b"\"", "`\"`")?;
        Ok(string)
    }

    /// `:count:`
    fn count(&mut self) -> Result<usize, ParseError> {
        self.expect(b":", "`:`")?;
        let at = self.at;
        let text = self.until(b':')?;
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let count = text.parse().ok().filter(|_| digits);
        count.ok_or(ParseError::Unexpected { at, wanted: "a length" })
    }

    /// The text up to a byte, which is taken, too. No number is longer than this looks.
    fn until(&mut self, end: u8) -> Result<&'a str, ParseError> {
        let at = self.at;
        let rest = &self.bytes[at..];
        let length = rest.iter().take(NUMBER_BYTES_MAX).position(|byte| *byte == end);
        match length {
            Some(length) => {
                self.at += length + 1;
                str::from_utf8(&rest[..length]).map_err(|_| ParseError::Unexpected { at, wanted: "a number" })
            }
            None if rest.len() < NUMBER_BYTES_MAX => Err(ParseError::Cut),
            None => Err(ParseError::Unexpected { at, wanted: "a number" }),
        }
    }

    fn expect(&mut self, bytes: &[u8], wanted: &'static str) -> Result<(), ParseError> {
        let at = self.at;
        if self.take(bytes.len())? == bytes { Ok(()) } else { Err(ParseError::Unexpected { at, wanted }) }
    }

    fn byte(&mut self) -> Result<u8, ParseError> {
        Ok(self.take(1)?[0])
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], ParseError> {
        let end = self.at.checked_add(length).ok_or(ParseError::Cut)?;
        let taken = self.bytes.get(self.at..end).ok_or(ParseError::Cut)?;
        self.at = end;
        Ok(taken)
    }
}

/// The longest number that anybody writes: a fraction with all its digits and leading zeros.
const NUMBER_BYTES_MAX: usize = 512;

fn float(text: &str) -> Option<f64> {
    match text {
        "INF" => Some(f64::INFINITY),
        "-INF" => Some(f64::NEG_INFINITY),
        "NAN" => Some(f64::NAN),
        // Rust knows other names for these, which PHP doesn't.
        _ if text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::write::serialize;
    use super::*;

    /// What PHP 8.2 has written, byte for byte.
    const WRITTEN: &[&[u8]] = &[
        b"N;",
        b"b:0;",
        b"b:1;",
        b"i:0;",
        b"i:-9223372036854775808;",
        b"d:-0;",
        b"d:1.2345678901234568E+17;",
        b"d:INF;",
        b"s:0:\"\";",
        b"s:3:\"\";}\";",
        b"s:2:\"\xff\0\";",
        b"a:0:{}",
        b"a:2:{i:0;i:5;i:1;R:2;}",
        b"a:7:{i:0;E:11:\"Suit:Hearts\";i:1;r:2;i:7;i:1;s:2:\"07\";i:2;i:-7;i:3;s:2:\"-0\";i:4;s:19:\"9223372036854775808\";i:5;}",
        b"O:1:\"P\":3:{s:4:\"\0P\0a\";i:1;s:4:\"\0*\0b\";i:2;s:1:\"c\";i:3;}",
        b"O:11:\"ArrayObject\":4:{i:0;i:0;i:1;a:1:{i:0;i:1;}i:2;a:0:{}i:3;N;}",
        b"C:3:\"Old\":5:{a\"}b;}",
    ];

    #[test]
    fn what_is_read_is_written_again() {
        for bytes in WRITTEN {
            let value =
                unserialize(bytes).unwrap_or_else(|error| panic!("{}: {error}", bytes.escape_ascii()));
            assert_eq!(serialize(&value).unwrap(), *bytes, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn every_beginning_is_cut_and_every_change_is_no_panic() {
        for bytes in WRITTEN {
            for length in 0..bytes.len() {
                assert_eq!(unserialize(&bytes[..length]), Err(ParseError::Cut), "{}", bytes.escape_ascii());
                for byte in 0..=255 {
                    let mut changed = bytes.to_vec();
                    changed[length] = byte;
                    // Whatever is read has to be something that can be written.
                    if let Ok(value) = unserialize(&changed) {
                        let written = serialize(&value).unwrap();
                        assert_eq!(serialize(&unserialize(&written).unwrap()).unwrap(), written);
                    }
                }
            }
            let mut more = bytes.to_vec();
            more.push(b'x');
            assert_eq!(unserialize(&more), Err(ParseError::More { at: bytes.len() }));
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let said = |bytes: &[u8]| unserialize(bytes).unwrap_err().to_string();
        assert_eq!(said(b"x:1;"), "at byte 0: one of N b i d s a O C E R r should stand there");
        assert_eq!(said(b"i:1x;"), "at byte 2: a number should stand there");
        assert_eq!(said(b"d:inf;"), "at byte 2: a number should stand there");
        assert_eq!(said(b"b:2;"), "at byte 2: a number should stand there");
        assert_eq!(said(b"s:+1:\"a\";"), "at byte 2: a length should stand there");
        assert_eq!(said(b"s:2:\"abc\";"), "at byte 7: `\"` should stand there");
        assert_eq!(said(b"a:1:{N;i:1;}"), "at byte 5: a key should stand there");
        assert_eq!(said(b"a:99999999999:{}"), "at byte 15: a key should stand there");
        assert_eq!(said(b"s:99999999999:\"a\";"), "the bytes end in the middle of a value");
        assert_eq!(said(&[b'9'; 600]), "at byte 0: one of N b i d s a O C E R r should stand there");
        let deep = [b"a:1:{i:0;".repeat(PHP_DEPTH_MAX + 1), b"N;".to_vec()].concat();
        assert_eq!(unserialize(&deep), Err(ParseError::TooDeep { at: 9 * PHP_DEPTH_MAX + 4 }));
    }
}

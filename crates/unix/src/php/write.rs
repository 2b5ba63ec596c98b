//! Values to bytes, each byte as PHP's `serialize()` would write it.

use thiserror::Error;

use super::value::{PhpKey, PhpObject, PhpValue};
use crate::limits::PHP_DEPTH_MAX;

/// Why a value can't be written.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum WriteError {
    /// Arrays and objects lie deeper in each other than [`PHP_DEPTH_MAX`].
    #[error("the value has arrays or objects in each other, more than {PHP_DEPTH_MAX} deep")]
    TooDeep,
}

/// The bytes of a value.
///
/// # Errors
///
/// [`WriteError::TooDeep`].
///
/// # Example
///
/// ```
/// use trellis_unix::php::{PhpValue, serialize};
///
/// let value = PhpValue::list([PhpValue::Float(0.1), PhpValue::Null, "é".into()]);
/// assert_eq!(serialize(&value)?, "a:3:{i:0;d:0.1;i:1;N;i:2;s:2:\"é\";}".as_bytes());
/// # Ok::<(), trellis_unix::php::WriteError>(())
/// ```
pub fn serialize(value: &PhpValue) -> Result<Vec<u8>, WriteError> {
    let mut bytes = Vec::new();
    write(&mut bytes, value, 0)?;
    Ok(bytes)
}

fn write(bytes: &mut Vec<u8>, value: &PhpValue, depth: usize) -> Result<(), WriteError> {
    match value {
        PhpValue::Null => bytes.extend_from_slice(b"N;"),
        PhpValue::Bool(truth) => text(bytes, format_args!("b:{};", u8::from(*truth))),
        PhpValue::Int(number) => text(bytes, format_args!("i:{number};")),
        PhpValue::Float(number) => text(bytes, format_args!("d:{};", float(*number))),
        PhpValue::String(string) => {
            counted(bytes, "s", string);
            bytes.push(b';');
        }
        PhpValue::Enum(case) => {
            counted(bytes, "E", case);
            bytes.push(b';');
        }
        PhpValue::Reference(number) => text(bytes, format_args!("R:{number};")),
        PhpValue::SameObject(number) => text(bytes, format_args!("r:{number};")),
        PhpValue::Custom { class, data } => {
            counted(bytes, "C", class);
            text(bytes, format_args!(":{}:{{", data.len()));
            bytes.extend_from_slice(data);
            bytes.push(b'}');
        }
        PhpValue::Array(entries) => {
            text(bytes, format_args!("a:{}:{{", entries.len()));
            write_entries(bytes, entries, depth)?;
        }
        PhpValue::Object(PhpObject { class, properties }) => {
            counted(bytes, "O", class);
            text(bytes, format_args!(":{}:{{", properties.len()));
            write_entries(bytes, properties, depth)?;
        }
    }
    Ok(())
}

fn write_entries(
    bytes: &mut Vec<u8>,
    entries: &[(PhpKey, PhpValue)],
    depth: usize,
) -> Result<(), WriteError> {
    if depth == PHP_DEPTH_MAX {
        return Err(WriteError::TooDeep);
    }
    for (key, value) in entries {
        match key {
            PhpKey::Int(number) => text(bytes, format_args!("i:{number};")),
            PhpKey::String(string) => {
                counted(bytes, "s", string);
                bytes.push(b';');
            }
        }
        write(bytes, value, depth + 1)?;
    }
    bytes.push(b'}');
    Ok(())
}

/// A tag, the length of a string and the string.
fn counted(bytes: &mut Vec<u8>, tag: &str, string: &[u8]) {
    text(bytes, format_args!("{tag}:{}:\"", string.len()));
    bytes.extend_from_slice(string);
    bytes.push(b'"');
}

fn text(bytes: &mut Vec<u8>, arguments: std::fmt::Arguments<'_>) {
    use std::io::Write;
    bytes.write_fmt(arguments).expect("a vector takes all bytes");
}

/// From which power of ten on PHP writes an exponent, upwards and downwards.
const EXPONENT_MAX: i32 = 17;
const EXPONENT_MIN: i32 = -4;

/// A number with the fewest digits that mean it, in PHP's way of writing them.
pub(super) fn float(number: f64) -> String {
    if number.is_nan() {
        return "NAN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "INF" } else { "-INF" }.to_owned();
    }
    let (digits, exponent) = shortest(number.abs());
    let sign = if number.is_sign_negative() { "-" } else { "" };
    if !(EXPONENT_MIN..EXPONENT_MAX).contains(&exponent) {
        let (first, rest) = digits.split_at(1);
        let rest = if rest.is_empty() { "0" } else { rest };
        return format!("{sign}{first}.{rest}E{exponent:+}");
    }
    let before_point = exponent + 1;
    let Ok(before_point) = usize::try_from(before_point) else {
        return format!("{sign}0.{}{digits}", "0".repeat(before_point.unsigned_abs() as usize));
    };
    match digits.split_at_checked(before_point) {
        Some((whole, "")) => format!("{sign}{whole}"),
        Some(("", fraction)) => format!("{sign}0.{fraction}"),
        Some((whole, fraction)) => format!("{sign}{whole}.{fraction}"),
        None => format!("{sign}{digits:0<before_point$}"),
    }
}

/// The fewest digits that mean the number, and the power of ten of the first.
fn shortest(number: f64) -> (String, i32) {
    // One digit before the point, the others behind it, and the power of ten.
    let shortest = format!("{number:e}");
    let (mantissa, exponent) = shortest.split_once('e').expect("it was written with an exponent");
    let exponent: i32 = exponent.parse().expect("it was written as a number");
    let mut digits: String = mantissa.chars().filter(|digit| *digit != '.').collect();
    // If the number lies in the middle between two such texts, Rust takes the upper one, and PHP the one that is even.
    if let Some(last @ (b'1' | b'3' | b'5' | b'7' | b'9')) = digits.bytes().last() {
        let mut lower = digits.clone();
        lower.pop();
        lower.push(char::from(last - 1));
        let scale = exponent - i32::try_from(digits.len() - 1).unwrap_or(0);
        let means_it = format!("{lower}e{scale}").parse() == Ok(number);
        if means_it && is_middle_above(&lower, number) {
            digits = lower;
        }
    }
    (digits, exponent)
}

/// Whether a number's digits are these, a five, and nothing more.
fn is_middle_above(lower: &str, number: f64) -> bool {
    let exact = format!("{number:.DIGITS_MAX$e}");
    let mut digits = exact.bytes().take_while(|byte| *byte != b'e').filter(|byte| *byte != b'.');
    lower.bytes().all(|byte| digits.next() == Some(byte))
        && digits.next() == Some(b'5')
        && digits.all(|byte| byte == b'0')
}

/// No number has more digits than this when it is written out in full.
const DIGITS_MAX: usize = 767;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_php_writes_them() {
        let cases: &[(f64, &str)] = &[
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (0.1, "0.1"),
            (0.1 + 0.2, "0.30000000000000004"),
            (100.0, "100"),
            (123_456.789, "123456.789"),
            (0.001, "0.001"),
            (0.0001, "0.0001"),
            (0.000_123, "0.000123"),
            (0.00001, "1.0E-5"),
            (1.5e-7, "1.5E-7"),
            (1e15, "1000000000000000"),
            (1.5e16, "15000000000000000"),
            (1e17, "1.0E+17"),
            (1.25e25, "1.25E+25"),
            (123_456_789_012_345_680.0, "1.2345678901234568E+17"),
            (102_647_065_763_604.0 + 0.125, "102647065763604.12"),
            (102_647_065_763_604.0 + 0.375, "102647065763604.38"),
            (f64::MAX, "1.7976931348623157E+308"),
            (f64::MIN_POSITIVE, "2.2250738585072014E-308"),
            (5e-324, "5.0E-324"),
            (f64::INFINITY, "INF"),
            (f64::NEG_INFINITY, "-INF"),
            (f64::NAN, "NAN"),
        ];
        for (number, wanted) in cases {
            assert_eq!(float(*number), *wanted, "{number:e}");
        }
    }

    #[test]
    fn too_deep_is_an_error() {
        let deep = |depth| (0..depth).fold(PhpValue::Null, |value, _| PhpValue::list([value]));
        assert!(serialize(&deep(PHP_DEPTH_MAX)).is_ok());
        assert_eq!(serialize(&deep(PHP_DEPTH_MAX + 1)), Err(WriteError::TooDeep));
    }
}

//! Decimal numbers, as beanstalkd reads and writes them.

/// Reads a number after any spaces, and advances `text` over both. At least one digit must stand there, so
/// signs and tabs fail; leading zeros don't count. `None` if it doesn't fit `u64`.
pub(crate) fn read_u64(text: &mut &[u8]) -> Option<u64> {
    while let [b' ', rest @ ..] = *text {
        *text = rest;
    }
    read_digits(text)
}

/// As [`read_u64`], for numbers that must fit `u32`.
pub(crate) fn read_u32(text: &mut &[u8]) -> Option<u32> {
    u32::try_from(read_u64(text)?).ok()
}

/// Reads a number with nothing before it but zeros, and advances `text` over it.
pub(crate) fn read_digits(text: &mut &[u8]) -> Option<u64> {
    let mut number = u64::from(digit(*text.first()?)?);
    *text = &text[1..];
    while let Some(next) = text.first().copied().and_then(digit) {
        number = number.checked_mul(10)?.checked_add(u64::from(next))?;
        *text = &text[1..];
    }
    Some(number)
}

/// Reads the bound of a `kick`, which the real server leaves to C's `strtoul`: white space and a sign may stand
/// before the digits and anything after them, a minus counts down from 2^64, and the low 32 bits are taken.
pub(crate) fn read_kick_bound(text: &[u8]) -> Option<u32> {
    let mut text = text;
    while let [b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r', rest @ ..] = text {
        text = rest;
    }
    let negative = text.first() == Some(&b'-');
    if let [b'-' | b'+', rest @ ..] = text {
        text = rest;
    }
    let magnitude = read_digits(&mut text)?;
    let number = if negative { magnitude.wrapping_neg() } else { magnitude };
    u32::try_from(number & u64::from(u32::MAX)).ok()
}

/// Appends a number.
pub(crate) fn write_number(number: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn digit(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then(|| byte - b'0')
}

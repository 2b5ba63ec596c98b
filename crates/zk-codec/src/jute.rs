//! The parts that jute's records are made of. Knows no record.

/// Why bytes are not the record that they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// They end too early, or hold a length or a number that can't be.
    Malformed,
    /// The record is whole, but what it says is refused: a string that isn't UTF-8, a null one for a path, or a
    /// create mode that doesn't exist.
    BadArgument,
}

/// Reads one record, part by part.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// What has not been read.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Flaw> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or(Flaw::Malformed)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const COUNT: usize>(&mut self) -> Result<[u8; COUNT], Flaw> {
        let (taken, rest) = self.bytes.split_first_chunk().ok_or(Flaw::Malformed)?;
        self.bytes = rest;
        Ok(*taken)
    }

    /// Every byte but 0 is true.
    pub(crate) fn bool(&mut self) -> Result<bool, Flaw> {
        self.array::<1>().map(|[byte]| byte != 0)
    }

    pub(crate) fn i32(&mut self) -> Result<i32, Flaw> {
        self.array().map(i32::from_be_bytes)
    }

    pub(crate) fn i64(&mut self) -> Result<i64, Flaw> {
        self.array().map(i64::from_be_bytes)
    }

    /// Bytes, or null.
    pub(crate) fn nullable_buffer(&mut self) -> Result<Option<&'a [u8]>, Flaw> {
        match self.i32()? {
            -1 => Ok(None),
            length => self.take(usize::try_from(length).map_err(|_| Flaw::Malformed)?).map(Some),
        }
    }

    /// Bytes where null means the same as none.
    pub(crate) fn buffer(&mut self) -> Result<&'a [u8], Flaw> {
        self.nullable_buffer().map(Option::unwrap_or_default)
    }

    /// A string, or null.
    ///
    /// Java would put replacement characters where the bytes aren't UTF-8, and those are permitted in no path;
    /// so nothing is lost by refusing such strings, and what is kept is what was sent.
    pub(crate) fn nullable_string(&mut self) -> Result<Option<&'a str>, Flaw> {
        let bytes = self.nullable_buffer()?;
        bytes.map(|bytes| std::str::from_utf8(bytes).map_err(|_| Flaw::BadArgument)).transpose()
    }

    /// A string that must be there.
    pub(crate) fn string(&mut self) -> Result<&'a str, Flaw> {
        self.nullable_string()?.ok_or(Flaw::Malformed)
    }

    /// A string where null means the same as an empty one.
    pub(crate) fn string_or_empty(&mut self) -> Result<&'a str, Flaw> {
        self.nullable_string().map(Option::unwrap_or_default)
    }
}

/// Something that stands in a list. Not for other crates to implement.
pub trait Record<'a>: Copy {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Flaw>;
    fn write(&self, out: &mut Vec<u8>);
}

impl<'a> Record<'a> for &'a str {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Flaw> {
        reader.string()
    }

    fn write(&self, out: &mut Vec<u8>) {
        write_string(self, out);
    }
}

pub(crate) fn write_bool(value: bool, out: &mut Vec<u8>) {
    out.push(u8::from(value));
}

pub(crate) fn write_i32(number: i32, out: &mut Vec<u8>) {
    out.extend_from_slice(&number.to_be_bytes());
}

pub(crate) fn write_i64(number: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(&number.to_be_bytes());
}

/// Writes a length. One over 2 GiB comes out wrong, but then its whole frame is too long, and is never sent.
pub(crate) fn write_length(length: usize, out: &mut Vec<u8>) {
    write_i32(i32::try_from(length).unwrap_or(i32::MAX), out);
}

pub(crate) fn write_buffer(bytes: &[u8], out: &mut Vec<u8>) {
    write_length(bytes.len(), out);
    out.extend_from_slice(bytes);
}

pub(crate) fn write_nullable_buffer(bytes: Option<&[u8]>, out: &mut Vec<u8>) {
    match bytes {
        Some(bytes) => write_buffer(bytes, out),
        None => write_i32(-1, out),
    }
}

pub(crate) fn write_string(text: &str, out: &mut Vec<u8>) {
    write_buffer(text.as_bytes(), out);
}

pub(crate) fn write_nullable_string(text: Option<&str>, out: &mut Vec<u8>) {
    write_nullable_buffer(text.map(str::as_bytes), out);
}

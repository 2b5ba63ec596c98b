//! The few types that ZooKeeper's records are made of, from bytes. Strings are shown as they are, so bytes that are
//! no UTF-8 stay visible.

/// Reads a record from its start on. Everything is `None` once the bytes don't suffice.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    pub(super) fn int(&mut self) -> Option<i32> {
        self.array().map(i32::from_be_bytes)
    }

    pub(super) fn long(&mut self) -> Option<i64> {
        self.array().map(i64::from_be_bytes)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// A buffer or a string; the inner `None` is null.
    pub(super) fn buffer(&mut self) -> Option<Option<&'a [u8]>> {
        let length = self.int()?;
        if length == -1 {
            return Some(None);
        }
        let (bytes, rest) = self.rest.split_at_checked(usize::try_from(length).ok()?)?;
        self.rest = rest;
        Some(Some(bytes))
    }

    pub(super) fn text(&mut self) -> Option<String> {
        let text = self.buffer()?;
        Some(text.map_or("null".into(), |bytes| String::from_utf8_lossy(bytes).into_owned()))
    }

    /// As many items as the number before them says.
    pub(super) fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.int()?;
        (0..count).map(|_| item(self)).collect()
    }

    /// What has not been read.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    fn array<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        let (bytes, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_one_after_the_other() {
        let mut reader = Reader::new(b"\0\0\0\x02\0\0\0\x01a\xff\xff\xff\xff\x01\0\0");
        let texts = reader.list(Reader::text);
        assert_eq!(texts, Some(vec!["a".into(), "null".into()]));
        assert_eq!((reader.byte(), reader.int(), reader.rest()), (Some(1), None, &b"\0\0"[..]));
    }

    #[test]
    fn a_length_that_lies_is_noticed() {
        assert_eq!(Reader::new(b"\0\0\0\x02a").buffer(), None);
        assert_eq!(Reader::new(b"\xff\xff\xff\xfea").buffer(), None);
    }
}

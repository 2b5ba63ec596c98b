//! Reads text in the form of `java.util.Properties`, which a zoo.cfg has. Knows no keys.

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Property {
    pub(super) key: String,
    pub(super) value: String,
    /// Where it begins, counted from 1.
    pub(super) line: usize,
}

/// Reads all properties in their order. The error says what is wrong in which line.
///
/// Java reads the bytes as Latin-1; here they are UTF-8, as editors write them today, unless they can't be.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Property>, String> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    };
    let line = |(number, line): (usize, String)| {
        property(number, &line).map_err(|problem| format!("line {number}: {problem}"))
    };
    logical_lines(&text).into_iter().map(line).collect()
}

/// Lines without those that say nothing, each with those that continue it and the number of its first one.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut continues = false;
    for (index, line) in text.replace("\r\n", "\n").split(['\n', '\r']).enumerate() {
        let line = line.trim_start_matches(is_blank);
        if !continues && (line.is_empty() || line.starts_with(['#', '!'])) {
            continue;
        }
        let backslashes = line.chars().rev().take_while(|c| *c == '\\').count();
        let goes_on = backslashes % 2 == 1;
        let line = if goes_on { &line[..line.len() - 1] } else { line };
        match lines.last_mut().filter(|_| continues) {
            Some((_, begun)) => begun.push_str(line),
            // Nothing but a backslash begins nothing that could be continued.
            None if line.is_empty() => continue,
            None => lines.push((index + 1, line.to_owned())),
        }
        continues = goes_on;
    }
    lines
}

/// Cuts a line at the first blank, `=` or `:` that no backslash stands before.
fn property(line: usize, text: &str) -> Result<Property, String> {
    let mut escaped = false;
    let ends_key = |c: char| {
        let ends = !escaped && (is_blank(c) || matches!(c, '=' | ':'));
        escaped = !escaped && c == '\\';
        ends
    };
    let end = text.find(ends_key).unwrap_or(text.len());
    let (key, rest) = text.split_at(end);
    let rest = rest.trim_start_matches(is_blank);
    let value = rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start_matches(is_blank);
    Ok(Property { key: unescape(key)?, value: unescape(value)?, line })
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\x0c')
}

fn unescape(text: &str) -> Result<String, String> {
    // As Java does, in units of UTF-16, since two escapes may make up one character.
    let mut units = Vec::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let c = match c {
            '\\' => match chars.next() {
                Some('u') => {
                    units.push(unit(chars.as_str())?);
                    chars = chars.as_str()[4..].chars();
                    continue;
                }
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('f') => '\x0c',
                Some(other) => other,
                None => break,
            },
            other => other,
        };
        units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
    }
    Ok(String::from_utf16_lossy(&units))
}

/// The number in the four digits at the front.
fn unit(text: &str) -> Result<u16, String> {
    let digits = text.get(..4).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    digits
        .and_then(|digits| u16::from_str_radix(digits, 16).ok())
        .ok_or_else(|| "\\u needs four hexadecimal digits; a backslash is written \\\\".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `java.util.Properties` makes of each text; the order is that of the text.
    const CASES: &[(&str, &[(&str, &str)])] = &[
        ("", &[]),
        ("tickTime=2000", &[("tickTime", "2000")]),
        ("a=1\nb:2\nc 3\nd\t4\n", &[("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")]),
        ("a = 1\r\n  b\t:\t2\rc  3", &[("a", "1"), ("b", "2"), ("c", "3")]),
        ("# no\n! no\n  # no\n\n \t\x0c\na=1 # yes", &[("a", "1 # yes")]),
        ("a==1\nb=:2\nc: =3\nd  =  = 4", &[("a", "=1"), ("b", ":2"), ("c", "=3"), ("d", "= 4")]),
        ("a\nb=\nc:\n=d\n", &[("a", ""), ("b", ""), ("c", ""), ("", "d")]),
        ("a=1 \n", &[("a", "1 ")]),
        ("a=1,\\\n   2,\\\r\n\t3\nb=4", &[("a", "1,2,3"), ("b", "4")]),
        ("a=1\\\\\nb=2", &[("a", "1\\"), ("b", "2")]),
        ("a=1\\\\\\\nb=2", &[("a", "1\\b=2")]),
        ("a=1\\\n\nb=2", &[("a", "1"), ("b", "2")]),
        ("a=1\\\n# 2\nb=3", &[("a", "1# 2"), ("b", "3")]),
        ("# c\\\na=1", &[("a", "1")]),
        ("\\\n#a=1\n\\\nb=2", &[("b", "2")]),
        ("a\\ b\\=c\\:d=1", &[("a b=c:d", "1")]),
        ("a=\\t\\n\\r\\f\\b\\\"\\z", &[("a", "\t\n\r\x0cb\"z")]),
        ("a=C:\\\\data\\dir", &[("a", "C:\\datadir")]),
        ("\\u0061=\\u00e9\\uD83D\\uDE00", &[("a", "é😀")]),
        ("a=1\\", &[("a", "1")]),
        ("a=1\nb=2\na=3", &[("a", "1"), ("b", "2"), ("a", "3")]),
    ];

    #[test]
    fn texts_are_read_as_java_reads_them() {
        for (text, expected) in CASES {
            let found = parse(text.as_bytes()).expect(text);
            let found: Vec<_> = found.iter().map(|found| (&*found.key, &*found.value)).collect();
            assert_eq!(found, *expected, "{text:?}");
        }
    }

    #[test]
    fn an_escape_without_its_digits_is_refused() {
        for text in ["a=1\nb=\\u12", "a=1\nb\\u12g4=1", "a=1\nb=\\u+123", "a=1\nb=\\u12é4"] {
            let problem = parse(text.as_bytes()).expect_err(text);
            assert!(problem.starts_with("line 2: \\u needs four"), "{problem}");
        }
    }

    #[test]
    fn lines_are_counted() {
        let found = parse(b"# 1\r\n\r\na=1\\\r\n2\r\nb=2\r\n").expect("it is well-formed");
        assert_eq!(found.iter().map(|found| found.line).collect::<Vec<_>>(), [3, 5]);
    }

    #[test]
    fn what_is_not_utf_8_is_latin_1() {
        let value = |bytes| parse(bytes).expect("it is well-formed")[0].value.clone();
        assert_eq!(value(b"a=/d\xe9"), "/dé");
        assert_eq!(value("a=/dé".as_bytes()), "/dé");
    }
}

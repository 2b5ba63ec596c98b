//! Bytes as readable text and back, for scripts: ASCII as it is, `\r \n \t \\ \{ \xNN`, and `{a*200}` for a run.

/// Reads the text form.
pub(crate) fn parse(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (taken, run) = match first {
            '{' => {
                let end = rest.find('}').unwrap_or_else(|| panic!("no end of the run in {text}"));
                let (unit, count) = rest[1..end].rsplit_once('*').unwrap_or_else(|| panic!("no * in {text}"));
                (end + 1, parse(unit).repeat(count.parse().unwrap_or_else(|_| panic!("no count in {text}"))))
            }
            '\\' => {
                let (taken, byte) = parse_escape(rest).unwrap_or_else(|| panic!("bad escape in {text}"));
                (taken, vec![byte])
            }
            plain => {
                assert!(plain.is_ascii(), "escape what is not ASCII in {text}");
                (1, vec![rest.as_bytes()[0]])
            }
        };
        bytes.extend(run);
        rest = &rest[taken..];
    }
    bytes
}

fn parse_escape(text: &str) -> Option<(usize, u8)> {
    let byte = match text.as_bytes().get(1)? {
        b'r' => b'\r',
        b'n' => b'\n',
        b't' => b'\t',
        b'x' => return Some((4, u8::from_str_radix(text.get(2..4)?, 16).ok()?)),
        &literal => literal,
    };
    Some((2, byte))
}

/// Writes the text form, with runs of 20 and more of one byte shortened.
pub(crate) fn show(bytes: &[u8]) -> String {
    let mut text = String::new();
    for run in bytes.chunk_by(|left, right| left == right) {
        let unit = match run[0] {
            b'"' => "\"".to_string(),
            byte => byte.escape_ascii().to_string(),
        };
        if run.len() < 20 {
            text.push_str(&unit.repeat(run.len()));
        } else {
            text.push_str(&format!("{{{unit}*{}}}", run.len()));
        }
    }
    text
}

//! Bytes as readable text and back, for transcripts: hexadecimal digits, and text in quotes where it is ASCII.

/// Reads the text form. White space is for the reader's eye.
pub(crate) fn parse(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let taken = match rest.strip_prefix('"') {
            Some(quoted) => {
                let end = quoted.find('"').unwrap_or_else(|| panic!("no end of the quotes in {text}"));
                bytes.extend_from_slice(&quoted.as_bytes()[..end]);
                end + 2
            }
            None => {
                let digits = rest.get(..2).unwrap_or_else(|| panic!("half a byte in {text}"));
                bytes.push(u8::from_str_radix(digits, 16).unwrap_or_else(|_| panic!("no digits in {text}")));
                2
            }
        };
        rest = rest[taken..].trim_start();
    }
    bytes
}

/// Writes hexadecimal digits, four bytes a group.
pub(crate) fn show(bytes: &[u8]) -> String {
    let group = |group: &[u8]| group.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    bytes.chunks(4).map(group).collect::<Vec<_>>().join(" ")
}

/// Makes the lists of numbers, as which bytes are shown by `Debug`, readable: `[104, 105]` becomes `b"hi"`.
pub(crate) fn readable(debug: &str) -> String {
    let mut text = String::new();
    let mut rest = debug;
    while let Some(start) = rest.find('[') {
        let Some(end) = rest[start..].find(']').map(|length| start + length) else { break };
        let numbers: Option<Vec<u8>> =
            rest[start + 1..end].split(", ").map(|number| number.parse().ok()).collect();
        text.push_str(&rest[..start]);
        match numbers {
            Some(numbers) => text.push_str(&format!("b\"{}\"", numbers.escape_ascii())),
            None => {
                text.push('[');
                rest = &rest[start + 1..];
                continue;
            }
        }
        rest = &rest[end + 1..];
    }
    text + rest
}

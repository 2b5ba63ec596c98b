//! Takes a line apart as zkCli does: at white space, and what stands in quotes is one word. There is no escaping.

/// A word of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    /// The word without its quotes.
    pub(super) text: &'a str,
    /// Where it begins in the line, its quote included.
    pub(super) start: usize,
    /// The quote, if it is in quotes.
    pub(super) quote: Option<char>,
    /// Whether it has come to its end: nothing that follows can be a part of it.
    pub(super) is_closed: bool,
}

/// The words of a line. Only the last may be one whose quote is not closed.
pub(super) fn split(line: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let start = line.len() - rest.len();
        let quote = Some(first).filter(|first| matches!(first, '"' | '\''));
        let body = &rest[quote.map_or(0, char::len_utf8)..];
        let end = match quote {
            Some(quote) => body.find(quote),
            None => body.find(char::is_whitespace),
        };
        let (text, after) = body.split_at(end.unwrap_or(body.len()));
        words.push(Word { text, start, quote, is_closed: end.is_some() });
        // The closing quote goes with the word.
        let after =
            if end.is_some() { quote.map_or(after, |quote| &after[quote.len_utf8()..]) } else { after };
        rest = after.trim_start();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &[&str]) {
        let texts: Vec<&str> = split(line).iter().map(|word| word.text).collect();
        assert_eq!(texts, expected, "{line:?}");
    }

    #[test]
    fn splits_as_zkcli_does() {
        check("", &[]);
        check("  \t", &[]);
        check(" ls  /a ", &["ls", "/a"]);
        check("create \"/a b\" 'c \"d\"' e\"f", &["create", "/a b", "c \"d\"", "e\"f"]);
        check("set /a \"\"", &["set", "/a", ""]);
        check("\"a\"b 'c''d'", &["a", "b", "c", "d"]);
        check("set /a \"b c", &["set", "/a", "b c"]);
    }

    #[test]
    fn knows_what_is_closed_and_where_it_begins() {
        let line = "get 'é' \"/a b";
        let words = split(line);
        let facts: Vec<(usize, Option<char>, bool)> =
            words.iter().map(|word| (word.start, word.quote, word.is_closed)).collect();
        assert_eq!(facts, [(0, None, true), (4, Some('\''), true), (9, Some('"'), false)]);
        assert!(!split("get").iter().any(|word| word.is_closed));
    }
}

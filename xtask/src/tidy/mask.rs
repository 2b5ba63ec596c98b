//! Blanks what is not code in Rust source, so that rules don't trip over words in comments and strings. A few
//! dozen lines instead of a parser: the rules need only braces and names.

/// The source with the contents of comments, strings and character literals replaced by spaces. Lines stay
/// where they are.
pub(super) fn code(source: &str) -> String {
    let mut masker = Masker { rest: source, masked: String::with_capacity(source.len()) };
    while let Some(next) = masker.rest.chars().next() {
        let length = masker.literal_length();
        if length > 0 {
            masker.blank(length);
        } else if next.is_alphanumeric() || next == '_' {
            // Whole words, so that the r of `for"` does not begin a raw string.
            masker.keep(masker.rest.find(|c: char| !c.is_alphanumeric() && c != '_'));
        } else {
            masker.keep(Some(next.len_utf8()));
        }
    }
    masker.masked
}

struct Masker<'a> {
    rest: &'a str,
    masked: String,
}

impl Masker<'_> {
    /// The length of the comment or literal that starts here; 0 if there is none.
    fn literal_length(&self) -> usize {
        let rest = self.rest;
        if rest.starts_with("//") {
            return rest.find('\n').unwrap_or(rest.len());
        }
        if rest.starts_with("/*") {
            return block_comment(rest);
        }
        let prefix = rest.find(|c| !matches!(c, 'b' | 'c' | 'r')).unwrap_or(0).min(2);
        let quoted = &rest[prefix..];
        let hashes = quoted.len() - quoted.trim_start_matches('#').len();
        let raw = rest[..prefix].ends_with('r') && quoted[hashes..].starts_with('"');
        if raw {
            let end = format!("\"{}", "#".repeat(hashes));
            let begin = prefix + hashes + 1;
            return rest[begin..].find(&end).map_or(rest.len(), |found| begin + found + end.len());
        }
        match quoted.chars().next() {
            Some('"') => prefix + until_quote(quoted, '"'),
            Some('\'') if is_character(quoted) => prefix + until_quote(quoted, '\''),
            _ => 0,
        }
    }

    fn keep(&mut self, length: Option<usize>) {
        let (kept, rest) = self.rest.split_at(length.unwrap_or(self.rest.len()));
        self.masked.push_str(kept);
        self.rest = rest;
    }

    fn blank(&mut self, length: usize) {
        let (blanked, rest) = self.rest.split_at(length);
        self.masked.extend(blanked.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        self.rest = rest;
    }
}

/// The length of a comment in `/*` and `*/`; such comments nest.
fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut position = 0;
    while position < text.len() {
        if text[position..].starts_with("/*") {
            depth += 1;
            position += 2;
        } else if text[position..].starts_with("*/") {
            depth -= 1;
            position += 2;
            if depth == 0 {
                return position;
            }
        } else {
            position += text[position..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// The length of a literal from its opening to its closing quote; a backslash hides the character after it.
fn until_quote(text: &str, quote: char) -> usize {
    let mut hidden = true;
    for (position, c) in text.char_indices() {
        match c {
            _ if hidden => hidden = false,
            '\\' => hidden = true,
            _ if c == quote => return position + 1,
            _ => {}
        }
    }
    text.len()
}

/// Whether a quote begins a character and not a lifetime.
fn is_character(text: &str) -> bool {
    let mut following = text.chars().skip(1);
    following.next() == Some('\\') || following.next() == Some('\'')
}

#[cfg(test)]
mod tests {
    use super::code;

    #[track_caller]
    fn check(source: &str, wanted: &str) {
        assert_eq!(code(source), wanted);
    }

    #[test]
    fn comments_are_blanked() {
        check("a // b {\nc", "a       \nc");
        check("a /* b /* { */ } */ c", "a                   c");
        check("a /* é", "a     ");
    }

    #[test]
    fn strings_are_blanked() {
        check(r#"f("{ \" {", x)"#, r#"f(        , x)"#);
        check("r\"\\\" {", "     {");
        check("br#\"a\"{\"# }", "          }");
        check("b\"{\" }", "     }");
        check("\"a\nb\"c", "  \n  c");
    }

    #[test]
    fn characters_are_blanked_and_lifetimes_stay() {
        check("'{' '\\'' b'}' 'é'", &" ".repeat(17));
        check("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}");
    }

    #[test]
    fn names_that_end_like_a_prefix_stay() {
        check("for b in car {}", "for b in car {}");
        check("br + r#type", "br + r#type");
    }
}

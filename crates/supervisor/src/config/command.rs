//! A command line as words. No shell is run, and nothing that would need one is let through silently.

/// Characters that mean something to a shell, outside quotes.
const OPERATORS: &[char] = &['|', '&', ';', '<', '>', '(', ')', '`', '$'];
/// Characters that mean something to a shell even inside double quotes.
const EXPANSIONS: &[char] = &['`', '$'];

/// Splits a line into words as a shell does it: at spaces, with quotes and backslashes.
pub(super) fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            ' ' | '\t' | '\n' | '\r' => words.extend(word.take()),
            '\'' => single(word.get_or_insert_default(), &mut rest, line)?,
            '"' => double(word.get_or_insert_default(), &mut rest, line)?,
            '\\' => word.get_or_insert_default().push(rest.next().ok_or_else(|| open('\\', line))?),
            c if OPERATORS.contains(&c) => return Err(needs_shell(c, line)),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    checked(words)
}

/// Words that can be run.
pub(super) fn checked(words: Vec<String>) -> Result<Vec<String>, String> {
    if words.first().is_none_or(String::is_empty) {
        return Err("there is nothing to run: name a program".to_owned());
    }
    if words.iter().any(|word| word.contains('\0')) {
        return Err("a word has a zero byte, which no command can have".to_owned());
    }
    Ok(words)
}

fn single(word: &mut String, rest: &mut std::str::Chars<'_>, line: &str) -> Result<(), String> {
    loop {
        match rest.next().ok_or_else(|| open('\'', line))? {
            '\'' => return Ok(()),
            c => word.push(c),
        }
    }
}

fn double(word: &mut String, rest: &mut std::str::Chars<'_>, line: &str) -> Result<(), String> {
    loop {
        match rest.next().ok_or_else(|| open('"', line))? {
            '"' => return Ok(()),
            '\\' => match rest.next().ok_or_else(|| open('"', line))? {
                c @ ('"' | '\\' | '$' | '`') => word.push(c),
                c => word.extend(['\\', c]),
            },
            c if EXPANSIONS.contains(&c) => return Err(needs_shell(c, line)),
            c => word.push(c),
        }
    }
}

fn open(quote: char, line: &str) -> String {
    format!("{line:?} ends in the middle of a word: the last {quote} has nothing to end it")
}

fn needs_shell(c: char, line: &str) -> String {
    format!(
        "{c} in {line:?} needs a shell: write [\"sh\", \"-c\", …], or '{c}' if the character itself is meant"
    )
}

#[cfg(test)]
mod tests {
    use super::words;

    #[track_caller]
    fn check(line: &str, wanted: &[&str]) {
        assert_eq!(words(line).expect("a command"), wanted, "{line}");
    }

    #[track_caller]
    fn refused(line: &str, wanted: &str) {
        let error = words(line).expect_err("no command");
        assert!(error.contains(wanted), "{line}: {error}");
    }

    #[test]
    fn words_are_split_as_a_shell_does_it() {
        check("php  worker.php\t-v", &["php", "worker.php", "-v"]);
        check(r#"a 'b c' "d e" f\ g"#, &["a", "b c", "d e", "f g"]);
        check(r#"a'b'"c"d"#, &["abcd"]);
        check(r#"a '' """#, &["a", "", ""]);
        check(r#"a "\" \\ \$ \n" '\n $x'"#, &["a", r#"" \ $ \n"#, r"\n $x"]);
        check("a * ~ {b} c=d", &["a", "*", "~", "{b}", "c=d"]);
    }

    #[test]
    fn what_needs_a_shell_is_refused() {
        for line in ["a | b", "a && b", "a; b", "a > b", "a $HOME", "a \"$HOME\"", "a `b`", "(a)"] {
            refused(line, "needs a shell");
        }
    }

    #[test]
    fn what_is_no_command_is_refused() {
        refused("", "nothing to run");
        refused("  ", "nothing to run");
        refused("'' a", "nothing to run");
        refused("a 'b", "middle of a word");
        refused("a \"b", "middle of a word");
        refused("a \\", "middle of a word");
        refused("a\0", "zero byte");
    }
}

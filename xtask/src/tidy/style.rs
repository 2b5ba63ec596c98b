//! Rules about the shape of Rust files: how they open, how long they and their functions are.

use super::Finding;
use super::repository::Repository;

/// The lines that a Rust file may have.
const FILE_LINES_MAX: usize = 500;
/// The lines that a function may have, from `fn` to its closing brace.
const FUNCTION_LINES_MAX: usize = 70;

/// A Rust file opens with what it holds.
pub(super) fn opening(repository: &Repository) -> Vec<Finding> {
    let remedy = "say in it what the file holds and what it must not do";
    let rust = repository.files.iter().filter(|file| file.code.is_some());
    rust.filter(|file| !file.text.as_deref().is_some_and(|text| text.starts_with("//! ")))
        .map(|file| Finding::new(&file.path, 1, "the file does not begin with `//!`", remedy))
        .collect()
}

/// A Rust file can be read in one sitting.
pub(super) fn file_length(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &repository.files {
        let lines = file.code.as_deref().unwrap_or_default().lines().count();
        if lines > FILE_LINES_MAX {
            let what = format!("the file has {lines} lines, more than {FILE_LINES_MAX}");
            findings.push(Finding::new(&file.path, lines, what, "split it by what its parts are about"));
        }
    }
    findings
}

/// A function can be seen at once.
pub(super) fn function_length(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &repository.files {
        for function in functions(file.code.as_deref().unwrap_or_default()) {
            if function.lines > FUNCTION_LINES_MAX {
                let Function { name, line, lines } = function;
                let what = format!("`{name}` has {lines} lines, more than {FUNCTION_LINES_MAX}");
                findings.push(Finding::new(&file.path, line, what, "move a part with a name of its own out"));
            }
        }
    }
    findings
}

/// A function with a body.
struct Function<'a> {
    name: &'a str,
    line: usize,
    lines: usize,
}

/// All functions of masked source, the ones inside others too.
fn functions(code: &str) -> Vec<Function<'_>> {
    let mut functions = Vec::new();
    for (position, _) in code.match_indices("fn ") {
        let before = code[..position].chars().next_back();
        let name = code[position + 3..].split(|c: char| !c.is_alphanumeric() && c != '_').next();
        let Some(name) = name.filter(|name| !name.is_empty()) else { continue };
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        if let Some(length) = body_end(&code[position..]) {
            let line = 1 + code[..position].matches('\n').count();
            let lines = 1 + code[position..position + length].matches('\n').count();
            functions.push(Function { name, line, lines });
        }
    }
    functions
}

/// The length of a function's text up to its closing brace; `None` for a declaration without a body.
fn body_end(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (position, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 && c == '}' {
                    return Some(position);
                }
            }
            ';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(rule: fn(&Repository) -> Vec<Finding>, text: &str) -> Vec<String> {
        rule(&Repository::of_files(&[("a.rs", text)])).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn a_file_must_open_with_its_purpose() {
        assert_eq!(findings(opening, "//! Holds nothing.\n"), [""; 0]);
        let remedy = "say in it what the file holds and what it must not do";
        for text in ["", "use std::fs;\n", "// Holds nothing.\n", "\n//! Late.\n"] {
            assert_eq!(
                findings(opening, text),
                [format!("a.rs:1: the file does not begin with `//!`; {remedy}")]
            );
        }
    }

    #[test]
    fn a_file_must_be_short() {
        assert_eq!(findings(file_length, &"\n".repeat(500)), [""; 0]);
        let long = findings(file_length, &"\n".repeat(501));
        assert!(long[0].starts_with("a.rs:501: the file has 501 lines, more than 500; "), "{long:?}");
    }

    #[test]
    fn a_function_must_be_short() {
        let body = |lines: usize| format!("\n\npub fn long(x: [u8; 4]) -> u8 {{{}}}\n", "\n".repeat(lines));
        assert_eq!(findings(function_length, &body(69)), [""; 0]);
        let long = findings(function_length, &body(70));
        assert!(long[0].starts_with("a.rs:3: `long` has 71 lines, more than 70; "), "{long:?}");
    }

    #[test]
    fn only_the_function_with_the_lines_is_long() {
        let text =
            format!("trait T {{\n fn short(x: u8);\n fn long() {{\n \"}}\";{}\n}}\n}}", "\n".repeat(80));
        let long = findings(function_length, &text);
        assert_eq!(long.len(), 1, "{long:?}");
        assert!(long[0].starts_with("a.rs:3: `long` "), "{long:?}");
    }
}

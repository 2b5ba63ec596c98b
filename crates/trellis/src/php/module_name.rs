//! What a PHP module may be called: its name is also that of a crate and the beginning of its functions' names.

/// The characters that a name may have.
const NAME_CHARACTERS_MAX: usize = 40;

/// Names that mean something in Rust, so that no crate or function could have them.
const RUST: &[&str] = &[
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "ext_php_rs",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc_macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

/// Modules that come with PHP; it refuses a second one of the same name.
const PHP: &[&str] = &[
    "bcmath",
    "bz2",
    "calendar",
    "ctype",
    "curl",
    "date",
    "dba",
    "dom",
    "enchant",
    "exif",
    "ffi",
    "fileinfo",
    "filter",
    "ftp",
    "gd",
    "gettext",
    "gmp",
    "hash",
    "iconv",
    "imap",
    "intl",
    "json",
    "ldap",
    "libxml",
    "mbstring",
    "mysqli",
    "mysqlnd",
    "oci8",
    "odbc",
    "opcache",
    "openssl",
    "pcntl",
    "pcre",
    "pdo",
    "pgsql",
    "phar",
    "posix",
    "pspell",
    "random",
    "readline",
    "reflection",
    "session",
    "shmop",
    "simplexml",
    "snmp",
    "soap",
    "sockets",
    "sodium",
    "spl",
    "sqlite3",
    "standard",
    "sysvmsg",
    "sysvsem",
    "sysvshm",
    "tidy",
    "tokenizer",
    "xml",
    "xmlreader",
    "xmlwriter",
    "xsl",
    "zip",
    "zlib",
];

/// Takes a name, or says what is wrong with it.
pub(super) fn module_name(name: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Err("it must begin with a lower-case letter".into());
    }
    if let Some(character) = name.chars().find(|c| !fits(*c)) {
        return Err(format!("it may have lower-case letters, digits and underscores, and no {character:?}"));
    }
    if name.len() > NAME_CHARACTERS_MAX {
        return Err(format!("it may have {NAME_CHARACTERS_MAX} characters and has {}", name.len()));
    }
    if RUST.contains(&name) {
        return Err("Rust has another meaning for it".into());
    }
    if PHP.contains(&name) {
        return Err("PHP has a module of that name".into());
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, problem) in [
            ("greeter", ""),
            ("my_module2", ""),
            ("a", ""),
            (&"x".repeat(40), ""),
            (&"x".repeat(41), "40 characters"),
            ("", "begin"),
            ("Greeter", "begin"),
            ("2fast", "begin"),
            ("_private", "begin"),
            ("my-module", "'-'"),
            ("../up", "begin"),
            ("a/b", "'/'"),
            ("grüße", "'ü'"),
            ("core", "Rust"),
            ("match", "Rust"),
            ("test", "Rust"),
            ("json", "PHP"),
            ("zlib", "PHP"),
        ] {
            match module_name(name) {
                Ok(taken) => assert!(problem.is_empty() && taken == name, "{name} was taken"),
                Err(found) => assert!(!problem.is_empty() && found.contains(problem), "{name}: {found}"),
            }
        }
    }

    #[test]
    fn the_lists_are_sorted() {
        assert!(RUST.is_sorted() && PHP.is_sorted());
    }
}

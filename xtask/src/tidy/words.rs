//! Rules about words that must not appear: work that is not finished, tests that don't run or that sleep, and
//! places that exist on one machine only.

use super::Finding;
use super::repository::{File, Repository};

/// Words that mark work as not finished, anywhere.
const UNFINISHED: &[&str] = &["TODO", "FIXME", "XXX"];
/// Macros that mark code as not finished.
const UNFINISHED_CODE: &[&str] = &["todo!", "unimplemented!"];
/// Beginnings of paths that mean somebody's own machine.
const PRIVATE_FOLDERS: &[&str] = &["/home/", "/root/", "/Users/"];
/// Hosts from which packages are downloaded; the clients know them, and a mirror may stand in for them. In parts, since
/// no file may name them.
const REGISTRIES: &[&str] = &[
    "artifactory",
    concat!("deb.", "debian.org"),
    concat!("files.", "pythonhosted.org"),
    concat!("index.", "crates.io"),
    concat!("proxy.", "golang.org"),
    concat!("registry.", "npmjs.org"),
    concat!("registry.", "yarnpkg.com"),
    concat!("static.", "crates.io"),
];

/// Nothing is left for later.
pub(super) fn unfinished(repository: &Repository) -> Vec<Finding> {
    let remedy = "finish it, or leave it out";
    let in_text = repository.lines().filter_map(|(file, number, line)| {
        let word = UNFINISHED.iter().find(|word| contains_word(line, word))?;
        Some(Finding::new(&file.path, number, format!("`{word}` marks unfinished work"), remedy))
    });
    let in_code = repository.code_lines().filter_map(|(file, number, line)| {
        let word = UNFINISHED_CODE.iter().find(|word| contains_word(line, word))?;
        Some(Finding::new(&file.path, number, format!("`{word}` marks unfinished work"), remedy))
    });
    in_text.chain(in_code).collect()
}

/// Every test runs.
pub(super) fn ignored_tests(repository: &Repository) -> Vec<Finding> {
    let ignored = repository.code_lines().filter(|(_, _, line)| {
        let line = line.replace(' ', "");
        line.contains("#[ignore") || (line.contains("cfg_attr(") && line.contains(",ignore"))
    });
    let remedy = "make it run, or delete it";
    ignored.map(|(file, number, _)| Finding::new(&file.path, number, "a test is ignored", remedy)).collect()
}

/// No test waits for luck.
pub(super) fn sleeping_tests(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &repository.files {
        let Some(text) = file.code.as_ref().or_else(|| file.text.as_ref().filter(|_| is_script(file))) else {
            continue;
        };
        let begin = if is_test(file) { Some(0) } else { text.find("#[cfg(test)]") };
        let Some(begin) = begin else { continue };
        let skipped = text[..begin].matches('\n').count();
        for (index, line) in text[begin..].lines().enumerate() {
            if contains_word(line, "sleep(") {
                let remedy = "wait for the event itself, with a deadline, or stop the clock";
                findings.push(Finding::new(&file.path, skipped + index + 1, "a test sleeps", remedy));
            }
        }
    }
    findings
}

/// Nothing in the repository depends on one person's machine or network.
pub(super) fn private_places(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, number, line) in repository.lines() {
        let folder = PRIVATE_FOLDERS.iter().find(|folder| starts_a_path(line, folder));
        let own = repository.private.iter().find(|folder| starts_a_path(line, folder));
        if let Some(folder) = folder.copied().or(own.map(String::as_str)) {
            let what = format!("`{folder}` is a place on one machine");
            findings.push(Finding::new(&file.path, number, what, "write a path relative to the repository"));
        }
        if let Some(host) = REGISTRIES.iter().find(|host| line.contains(*host)) {
            let what = format!("`{host}` is where one machine gets its packages");
            findings.push(Finding::new(&file.path, number, what, "name the package, not the registry"));
        }
    }
    findings
}

/// Whether `line` contains `word` on its own, not as a part of a longer word.
fn contains_word(line: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(position, _)| {
        let before = line[..position].chars().next_back();
        let after = line[position + word.len()..].chars().next();
        let open_end = word.ends_with(|c: char| !part_of_word(c));
        !before.is_some_and(part_of_word) && (open_end || !after.is_some_and(part_of_word))
    })
}

/// Whether `line` contains an absolute path that begins with `folder`.
fn starts_a_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(position, _)| {
        let before = line[..position].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '~' | '}' | '/' | '*'))
    })
}

/// Whether the whole file is tests.
fn is_test(file: &File) -> bool {
    let path = format!("/{}", file.path);
    path.contains("/tests/") || path.ends_with("/tests.rs")
}

/// Whether the file is a script that tests may run.
fn is_script(file: &File) -> bool {
    [".py", ".js", ".mjs", ".sh"].iter().any(|ending| file.path.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The places that a rule finds in one file.
    fn places(rule: fn(&Repository) -> Vec<Finding>, path: &str, text: &str) -> Vec<usize> {
        rule(&Repository::of_files(&[(path, text)])).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn unfinished_work_is_found() {
        assert_eq!(places(unfinished, "a.md", "TODO: all\nMASTODON, XXXX\n(FIXME)\nXXX"), [1, 3, 4]);
        assert_eq!(places(unfinished, "a.rs", "todo!();\nunimplemented!(\"x\");\n// not todo!\n"), [1, 2]);
    }

    #[test]
    fn ignored_tests_are_found() {
        let text = "#[ignore]\n#[ignore = \"slow\"]\n#[cfg_attr(miri, ignore)]\n// #[ignore]\nignore();\n";
        assert_eq!(places(ignored_tests, "a.rs", text), [1, 2, 3]);
    }

    #[test]
    fn sleeping_tests_are_found_and_sleeping_programs_are_not() {
        let text = "thread::sleep(x);\n#[cfg(test)]\nmod tests {\n thread::sleep(x);\n sleep_until(x);\n}\n";
        assert_eq!(places(sleeping_tests, "crates/a/src/a.rs", text), [4]);
        assert_eq!(places(sleeping_tests, "crates/a/tests/a.rs", text), [1, 4]);
        assert_eq!(places(sleeping_tests, "crates/a/src/tests.rs", text), [1, 4]);
        assert_eq!(places(sleeping_tests, "tests/conformance/a.py", "time.sleep(1)\n"), [1]);
        assert_eq!(places(sleeping_tests, "bench/a.py", "time.sleep(1)\n"), [0; 0]);
    }

    #[test]
    fn places_on_one_machine_are_found() {
        let text = "see /home/me/x\nhttps://example.org/home/me\n\"/root/x\"\nsrc/work/x\n";
        assert_eq!(places(private_places, "a.md", text), [1, 3]);
        assert_eq!(places(private_places, "a.md", concat!("https://index.", "crates.io/x\n")), [1]);
    }

    #[test]
    fn the_checkout_itself_is_a_place_on_one_machine() {
        let mut repository = Repository::of_files(&[("a.md", "in /srv/checkout/src\n")]);
        assert_eq!(private_places(&repository), []);
        repository.private = vec!["/srv/checkout".into()];
        assert_eq!(private_places(&repository).len(), 1);
    }
}

//! Rules about files of any kind.

use super::Finding;
use super::repository::Repository;

/// The bytes that a file may have.
const FILE_BYTES_MAX: usize = 1024 * 1024 - 1;

/// No line ends in a space that nobody sees.
pub(super) fn trailing_space(repository: &Repository) -> Vec<Finding> {
    let ends_in_space = repository.lines().filter(|(_, _, line)| line.ends_with([' ', '\t', '\r']));
    ends_in_space
        .map(|(file, line, _)| Finding::new(&file.path, line, "the line ends in a space", "remove it"))
        .collect()
}

/// A clone stays small for ever, as git forgets nothing.
pub(super) fn file_size(repository: &Repository) -> Vec<Finding> {
    let large = repository.files.iter().filter(|file| file.size > FILE_BYTES_MAX);
    let what = "the file is 1 MiB or larger";
    large.map(|file| Finding::new(&file.path, 1, what, "generate it when it is needed")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_at_the_end_are_found() {
        let files = [("a.md", "one\ntwo \nthree\t\nfour\r\n"), ("fuzz/corpus/x/1", "put \n")];
        let found: Vec<usize> =
            trailing_space(&Repository::of_files(&files)).iter().map(|f| f.line).collect();
        assert_eq!(found, [2, 3, 4]);
    }

    #[test]
    fn large_files_are_found() {
        let check = |bytes: usize| file_size(&Repository::of_files(&[("a.txt", &"x".repeat(bytes))])).len();
        assert_eq!(check(FILE_BYTES_MAX), 0);
        assert_eq!(check(FILE_BYTES_MAX + 1), 1);
    }
}

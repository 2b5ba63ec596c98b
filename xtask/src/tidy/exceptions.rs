//! What the rules tolerate, in one table, each entry with its reason. An entry that is no longer needed is
//! itself a finding, so the table can only shrink by itself.

use super::Finding;

/// Where this table is, for findings about it.
pub(super) const FILE: &str = "xtask/src/tidy/exceptions.rs";

/// A finding that is tolerated.
pub(super) struct Exception {
    /// The rule's name.
    pub(super) rule: &'static str,
    /// The file, or the folder with a slash at its end.
    pub(super) path: &'static str,
    /// A part of the finding's text; empty covers the whole file. A part with a number is a ratchet: one line
    /// more in a long function is a finding again.
    pub(super) what: &'static str,
    /// Why it has to be so.
    pub(super) reason: &'static str,
}

impl Exception {
    pub(super) fn covers(&self, rule: &str, finding: &Finding) -> bool {
        let is_there = if self.path.ends_with('/') {
            finding.path.starts_with(self.path)
        } else {
            finding.path == self.path
        };
        self.rule == rule && is_there && finding.what.contains(self.what)
    }
}

pub(super) const EXCEPTIONS: &[Exception] = &[
    Exception {
        rule: "unfinished",
        path: "xtask/src/tidy/words.rs",
        what: "",
        reason: "the rule has to name the words that it looks for",
    },
    Exception {
        rule: "private-places",
        path: "xtask/src/tidy/words.rs",
        what: "",
        reason: "the rule has to name the places that it looks for",
    },
    Exception {
        rule: "trailing-space",
        path: "php/tests/seed/scripts/",
        what: "",
        reason: "these scripts must run as they were written",
    },
];

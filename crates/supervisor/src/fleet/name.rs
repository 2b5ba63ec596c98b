//! Names of processes. Nothing here knows which there are.

use std::fmt;
use std::sync::Arc;

/// One process of a program, as in `mail.0`. The name stays when the process is started anew.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// The program.
    pub program: Arc<str>,
    /// Its number among the program's processes, from 0.
    pub index: u32,
}

impl Name {
    /// The name of a process of a program.
    #[must_use]
    pub fn new(program: &str, index: u32) -> Name {
        Name { program: program.into(), index }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.program, self.index)
    }
}

/// What somebody means by a word: a program, or one of its processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// All processes of a program.
    Program(String),
    /// One process.
    Process(Name),
}

impl Target {
    /// The program that is meant, or whose process is.
    #[must_use]
    pub fn program(&self) -> &str {
        match self {
            Target::Program(program) => program,
            Target::Process(name) => &name.program,
        }
    }

    /// Whether this process is meant, or its whole program.
    #[must_use]
    pub fn includes(&self, name: &Name) -> bool {
        match self {
            Target::Program(program) => *name.program == **program,
            Target::Process(process) => process == name,
        }
    }

    /// Reads `mail` or `mail.0`. A program's own name may have such an end, and then it is the program that is meant.
    pub fn parse(word: &str, is_program: impl Fn(&str) -> bool) -> Option<Target> {
        if is_program(word) {
            return Some(Target::Program(word.to_owned()));
        }
        let (program, index) = word.rsplit_once('.')?;
        let index = index.parse().ok()?;
        is_program(program).then(|| Target::Process(Name::new(program, index)))
    }
}

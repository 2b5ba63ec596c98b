//! The operator's commands, which come in place of a frame's length. Knows their names, not their answers.

/// An operator's command of four letters.
///
/// ```
/// use trellis_zk_codec::FourLetterWord;
///
/// assert_eq!(FourLetterWord::detect(b"ruok\n"), Some(FourLetterWord::Ruok));
/// assert_eq!(FourLetterWord::detect(b"ruo"), None);
/// assert_eq!(FourLetterWord::Ruok.as_str(), "ruok");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants are the protocol's words")]
pub enum FourLetterWord {
    Conf,
    Cons,
    Crst,
    Dirs,
    Dump,
    Envi,
    Hash,
    Isro,
    Mntr,
    Ruok,
    Srst,
    Srvr,
    Stat,
    Wchc,
    Wchp,
    Wchs,
}

impl FourLetterWord {
    /// All of them, in alphabetical order.
    pub const ALL: [Self; 16] = [
        Self::Conf,
        Self::Cons,
        Self::Crst,
        Self::Dirs,
        Self::Dump,
        Self::Envi,
        Self::Hash,
        Self::Isro,
        Self::Mntr,
        Self::Ruok,
        Self::Srst,
        Self::Srvr,
        Self::Stat,
        Self::Wchc,
        Self::Wchp,
        Self::Wchs,
    ];

    /// The word that a connection's first bytes are. Only they can be one: behind a connect request the same
    /// bytes are a length, and one far over every limit. Whatever follows the word doesn't matter.
    pub fn detect(first_bytes: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|word| first_bytes.starts_with(word.as_str().as_bytes()))
    }

    /// The word itself, as it is sent and as whitelists name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Conf => "conf",
            Self::Cons => "cons",
            Self::Crst => "crst",
            Self::Dirs => "dirs",
            Self::Dump => "dump",
            Self::Envi => "envi",
            Self::Hash => "hash",
            Self::Isro => "isro",
            Self::Mntr => "mntr",
            Self::Ruok => "ruok",
            Self::Srst => "srst",
            Self::Srvr => "srvr",
            Self::Stat => "stat",
            Self::Wchc => "wchc",
            Self::Wchp => "wchp",
            Self::Wchs => "wchs",
        }
    }
}

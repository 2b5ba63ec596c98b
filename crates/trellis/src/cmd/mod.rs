//! The commands of the binary, one file each; `trellis tube` has a folder of its own.

pub(crate) mod completions;
pub(crate) mod man;
pub(crate) mod serve;
pub(crate) mod version;

//! What the safe libraries don't have, each call behind the thinnest safe function that there is. All `unsafe` of the PHP
//! modules is here.

pub(crate) mod arguments;
pub(crate) mod function;
pub(crate) mod interrupt;
pub(crate) mod object;
pub(crate) mod slot;

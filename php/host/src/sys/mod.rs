//! What the safe libraries don't have, each call behind the thinnest safe function that there is. All `unsafe` of the PHP
//! modules is here.

pub(crate) mod arguments;
pub(crate) mod bell;
pub(crate) mod callable;
pub(crate) mod child;
pub(crate) mod collect;
pub(crate) mod exception;
pub(crate) mod fall;
pub(crate) mod function;
pub(crate) mod information;
pub(crate) mod interrupt;
pub(crate) mod last_error;
pub(crate) mod object;
pub(crate) mod save_handler;
pub(crate) mod setting;
pub(crate) mod slot;
pub(crate) mod stream;
pub(crate) mod thread;
pub(crate) mod wrapped;

//! The calls that the safe libraries don't have, each behind the thinnest safe function that there is. All `unsafe` of
//! the workspace is here. What a call is good for is the business of the module that uses it.

#![allow(unsafe_code, reason = "what this module is for")]

pub(crate) mod fork;
pub(crate) mod signals;

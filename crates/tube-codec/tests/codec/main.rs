//! Tests of the codec from outside. Scripts with their outcomes are data, in `testdata/`; see [`script`].

mod bytes;
mod replies;
mod requests;
mod round_trip;
mod script;
mod yaml;

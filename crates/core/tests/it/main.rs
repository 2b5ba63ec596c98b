//! Tests of the state machine from outside, all through its two ways, commands in and outbox out.
//!
//! `transcripts.rs` runs the scripts in `testdata`; `random.rs` makes long random runs, with snapshots on the way,
//! and compares them with `model.rs`, a second implementation that is as simple as can be.

#![expect(unreachable_pub, reason = "the fuzzer includes some of these files, and wants them public")]

mod bytes;
mod dump;
mod effects;
mod large;
mod model;
mod outbox;
mod random;
mod run;
mod script;
mod snapshots;
mod transcripts;

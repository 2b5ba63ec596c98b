//! Both drivers against a server that only knows its script. Real servers are met in the tests of the binary and of
//! the conformance suite.

mod alone;
mod fake;
mod lanes;
mod pool;
mod scenarios;
mod slow;

//! Coordination, work queue and workers of a distributed application in one binary.

fn main() {}

//! The side-by-side load generator.

fn main() {}

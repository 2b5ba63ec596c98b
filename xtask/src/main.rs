//! The project's chores: tidy, ci, bench, conformance, soak.

fn main() {}

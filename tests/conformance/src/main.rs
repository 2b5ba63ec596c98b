//! The original servers and foreign clients against trellis.

fn main() {}

//! Any bytes as a PHP value: nothing may panic, and what was read must be written as bytes that are written the same
//! again once they were read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trellis_unix::php::{serialize, unserialize};

fuzz_target!(|bytes: &[u8]| {
    let Ok(value) = unserialize(bytes) else { return };
    let written = serialize(&value).expect("what was read is not too deep");
    let again = unserialize(&written).expect("what was written can be read");
    // As bytes, since a number that is none differs from itself.
    assert_eq!(serialize(&again).expect("it is as deep as before"), written);
});

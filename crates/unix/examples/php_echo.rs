//! Reads PHP values in frames from the standard input and writes each again, as it was understood. What is no value is
//! answered by an empty frame. It is what `tests/conformance` has PHP talk to.

use std::error::Error;
use std::io;

use trellis_unix::frame::{read_frame, write_frame};
use trellis_unix::php::{serialize, unserialize};

/// Far more than a test's value has.
const VALUE_BYTES_MAX: u32 = 16 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    while let Some(bytes) = read_frame(&mut input, VALUE_BYTES_MAX)? {
        let answer = match unserialize(&bytes) {
            Ok(value) => serialize(&value)?,
            Err(_) => Vec::new(),
        };
        write_frame(&mut output, &answer, VALUE_BYTES_MAX)?;
    }
    Ok(())
}

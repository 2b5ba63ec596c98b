//! Any bytes as what a supervisor and its worker send each other: nothing may panic, and what was read must be written as
//! bytes that are read as the same again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trellis_supervisor::stream::{decode_answer, decode_job, encode_answer, encode_job};

const BODY_BYTES_MAX: usize = 1 << 16;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(Some((answer, length))) = decode_answer(bytes) {
        assert!(length <= bytes.len());
        let mut out = Vec::new();
        encode_answer(answer, &mut out);
        assert_eq!(decode_answer(&out), Ok(Some((answer, out.len()))));
    }
    if let Ok(Some((job, length))) = decode_job(bytes, BODY_BYTES_MAX) {
        assert!(length <= bytes.len());
        let mut out = Vec::new();
        encode_job(job.job, job.body, &mut out);
        assert_eq!(decode_job(&out, BODY_BYTES_MAX), Ok(Some((job, out.len()))));
    }
});

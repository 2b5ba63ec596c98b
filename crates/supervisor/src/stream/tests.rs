//! Tables of answers, and whatever bytes proptest thinks of.

use proptest::prelude::*;

use super::{Answer, StreamError, Verdict, decode_answer, decode_job, encode_answer, encode_job};
use crate::JobId;

fn framed(text: &[u8]) -> Vec<u8> {
    let mut bytes = u32::try_from(text.len()).expect("a short text").to_be_bytes().to_vec();
    bytes.extend_from_slice(text);
    bytes
}

#[test]
fn answers_are_understood() {
    let table = [
        ("done 17", 0, Verdict::Done),
        ("done 17\n", 0, Verdict::Done),
        ("done 17.2", 2, Verdict::Done),
        ("retry 17", 0, Verdict::Retry(None)),
        ("retry 17 60", 0, Verdict::Retry(Some(60))),
        ("retry 17 0", 0, Verdict::Retry(Some(0))),
        ("fail 17", 0, Verdict::Fail),
        ("bury 17", 0, Verdict::Bury),
    ];
    for (text, server, verdict) in table {
        let answer = Answer { job: JobId { server, id: 17 }, verdict };
        assert_eq!(decode_answer(&framed(text.as_bytes())), Ok(Some((answer, 4 + text.len()))), "{text}");
    }
}

#[test]
fn what_is_no_answer_is_refused() {
    let table: [&[u8]; 18] = [
        b"",
        b"done",
        b"done ",
        b"done  17",
        b"done 17 ",
        b"done 17 1",
        b"Done 17",
        b"done x",
        b"done -1",
        b"done 17.0",
        b"done 017",
        b"done 17.70000",
        b"retry 17 x",
        b"retry 17 -1",
        b"retry 17 1 1",
        b"done 17\n\n",
        b"done \xff",
        b"retry 17 4294967296",
    ];
    for text in table {
        let found = decode_answer(&framed(text));
        assert!(matches!(found, Err(StreamError::NotAnAnswer { .. })), "{text:?}: {found:?}");
    }
    let long = decode_answer(&[0, 0, 0, 65]);
    assert_eq!(long, Err(StreamError::TooLong { bytes: 65, bytes_max: 64 }));
}

#[test]
fn a_body_has_its_limit() {
    let mut bytes = Vec::new();
    encode_job(JobId { server: 0, id: 1 }, b"12345", &mut bytes);
    assert!(matches!(decode_job(&bytes, 5), Ok(Some(_))));
    assert!(matches!(decode_job(&bytes, 4), Err(StreamError::TooLong { .. })));
    assert!(matches!(decode_job(&framed(b"job 1"), 100), Err(StreamError::NotAJob(_))));
    assert!(matches!(decode_job(&framed(b"jab 1\n"), 100), Err(StreamError::NotAJob(_))));
}

fn any_job() -> impl Strategy<Value = JobId> {
    (any::<u16>(), any::<u64>()).prop_map(|(server, id)| JobId { server, id })
}

fn any_verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        Just(Verdict::Done),
        Just(Verdict::Fail),
        Just(Verdict::Bury),
        any::<Option<u32>>().prop_map(Verdict::Retry),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn answers_come_back(job in any_job(), verdict in any_verdict(), more in any::<Vec<u8>>()) {
        let mut bytes = Vec::new();
        encode_answer(Answer { job, verdict }, &mut bytes);
        let length = bytes.len();
        for end in 0..length {
            prop_assert_eq!(decode_answer(&bytes[..end]), Ok(None));
        }
        bytes.extend(more);
        prop_assert_eq!(decode_answer(&bytes), Ok(Some((Answer { job, verdict }, length))));
    }

    #[test]
    fn jobs_come_back(job in any_job(), body in any::<Vec<u8>>()) {
        let mut bytes = Vec::new();
        encode_job(job, &body, &mut bytes);
        for end in 0..bytes.len() {
            prop_assert_eq!(decode_job(&bytes[..end], 1000), Ok(None));
        }
        let (found, length) = decode_job(&bytes, 1000).expect("a job").expect("a whole one");
        prop_assert_eq!((found.job, found.body, length), (job, &body[..], bytes.len()));
    }

    #[test]
    fn no_bytes_panic(bytes in any::<Vec<u8>>()) {
        let _ = decode_answer(&bytes);
        let _ = decode_job(&bytes, 1000);
        let _ = decode_answer(&framed(&bytes));
        let _ = decode_job(&framed(&bytes), 1000);
    }
}

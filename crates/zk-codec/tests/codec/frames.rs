//! How bytes are cut into frames, and what comes in place of a frame.

use trellis_zk_codec::limits::FRAME_BYTES_MAX_DEFAULT;
use trellis_zk_codec::{FourLetterWord, FrameError, frame_bytes_wanted, take_frame};

/// A frame of this length, of zeros.
fn frame(bytes: u32) -> Vec<u8> {
    let mut frame = bytes.to_be_bytes().to_vec();
    frame.resize(4 + bytes as usize, 0);
    frame
}

#[test]
fn the_longest_frame_is_a_byte_short_of_a_mebibyte() {
    let longest = frame(1_048_575);
    let taken = take_frame(&mut longest.as_slice(), FRAME_BYTES_MAX_DEFAULT);
    assert_eq!(taken.map(|taken| taken.map(<[u8]>::len)), Ok(Some(1_048_575)));
}

#[test]
fn other_lengths_are_refused_at_once() {
    for (length, bytes_max) in [
        (1_048_576, FRAME_BYTES_MAX_DEFAULT),
        (0, 10),
        (-1, 10),
        (i32::MIN, u32::MAX),
        (i32::MAX, 10),
        (11, 10),
    ] {
        let error = FrameError { bytes: length, bytes_max };
        let bytes = length.to_be_bytes();
        let mut input = bytes.as_slice();
        assert_eq!(take_frame(&mut input, bytes_max), Err(error));
        assert_eq!(input.len(), 4, "nothing is consumed");
    }
}

#[test]
fn frames_that_come_in_pieces_say_how_much_is_missing() {
    let bytes = [frame(5), frame(1)].concat();
    for length in 0..bytes.len() {
        let mut input = &bytes[..length];
        let taken = take_frame(&mut input, 10).expect("a length");
        assert_eq!(taken.is_some(), length >= 9);
        if take_frame(&mut input, 10).expect("a length").is_none() {
            let wanted = frame_bytes_wanted(input);
            let next_stop = [4, 9, 13, 14].into_iter().find(|&stop| stop > length).expect("more to come");
            assert_eq!(wanted, next_stop - length, "of {length}");
        }
    }
}

#[test]
fn every_word_is_found_in_the_first_four_bytes_and_is_no_length() {
    for word in FourLetterWord::ALL {
        let name = word.as_str();
        assert_eq!(FourLetterWord::detect(name.as_bytes()), Some(word));
        assert_eq!(FourLetterWord::detect(format!("{name}\r\n").as_bytes()), Some(word));
        assert_eq!(FourLetterWord::detect(&name.as_bytes()[..3]), None);
        assert!(take_frame(&mut name.as_bytes(), FRAME_BYTES_MAX_DEFAULT).is_err());
    }
}

#[test]
fn other_words_are_none() {
    for bytes in [b"RUOK".as_slice(), b"", b"gone", b"\0\0\0\x2d", b" ruok"] {
        assert_eq!(FourLetterWord::detect(bytes), None);
    }
}

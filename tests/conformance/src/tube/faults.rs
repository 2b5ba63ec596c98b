//! Where beanstalkd 1.12 is known to be wrong, and trellis right. The sequences stay clear of these, so that any
//! difference that is reported is news; trellis' own tests show that it is right about each of them.
//!
//! | beanstalkd 1.12 | trellis | kept out by |
//! |---|---|---|
//! | misses a line end that a piece of 224 bytes cuts in two, and swallows the next command | `BAD_FORMAT`, goes on | [`Fault::LineEndSplit`] |
//! | misses the end of a line that has another CR in it | ends a line at CR LF | [`Fault::CarriageReturn`] |
//! | takes `reserve-with-timeout -1` for "for ever", and a word for 0 | `BAD_FORMAT`, as 1.13 | [`Fault::TimeoutNotNumber`] |
//! | takes a job's id, and counts the put, before its body has come | with the whole job | `generate`: no other job comes in between |
//! | serves workers that wait for one tube out of turn | in order of arrival | `certainty`: one waits at a time |
//! | gives a waiting worker the first of several jobs that become ready at once | the most urgent | `certainty`: only one becomes ready |
//! | may not notice an expired TTR until the holder speaks | at once | `timed.txt`: the holder speaks |
//! | forgets pauses, the order of buried jobs, releases and used ids at a restart | keeps all | no sequence restarts a server |

/// The bytes that beanstalkd reads of a line before it gives the line up.
const LINE_BYTES: usize = 224;
const TIMED_RESERVE: &[u8] = b"reserve-with-timeout ";

/// A known fault that a single line runs into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A line whose end beanstalkd reads in two pieces.
    LineEndSplit,
    /// A line with a CR before its end.
    CarriageReturn,
    /// A time-out that beanstalkd 1.12 does not check.
    TimeoutNotNumber,
}

impl Fault {
    /// The first fault that one of the lines would run into. A body counts as lines too, since it is read as such
    /// after a wrong put.
    pub(crate) fn of_request(bytes: &[u8]) -> Option<Fault> {
        let mut rest = bytes;
        while let Some(length) = rest.windows(2).position(|pair| pair == b"\r\n") {
            if let Some(fault) = Self::of_line(&rest[..length + 2]) {
                return Some(fault);
            }
            rest = &rest[length + 2..];
        }
        None
    }

    /// The fault that a line with its CR LF would run into.
    fn of_line(line: &[u8]) -> Option<Fault> {
        if line.len() % LINE_BYTES == 1 {
            return Some(Fault::LineEndSplit);
        }
        if line[..line.len() - 2].contains(&b'\r') {
            return Some(Fault::CarriageReturn);
        }
        let argument = line.strip_prefix(TIMED_RESERVE)?.strip_suffix(b"\r\n")?;
        let number = argument.trim_ascii_start();
        let digits = number.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let in_range = str::from_utf8(&number[..digits]).is_ok_and(|text| text.parse::<i32>().is_ok());
        (!in_range || number.len() + leading_spaces(argument) != argument.len())
            .then_some(Fault::TimeoutNotNumber)
    }
}

fn leading_spaces(argument: &[u8]) -> usize {
    argument.iter().take_while(|byte| **byte == b' ').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_end_is_split_only_one_byte_past_a_piece() {
        for (length, fault) in
            [(224, None), (225, Some(Fault::LineEndSplit)), (226, None), (449, Some(Fault::LineEndSplit))]
        {
            assert_eq!(Fault::of_line(&vec![b'x'; length]), fault, "{length} bytes");
        }
    }

    #[test]
    fn every_line_is_looked_at() {
        assert_eq!(Fault::of_request(b"put 1\r\na\r\n"), None);
        assert_eq!(Fault::of_request(b"put 1\r\na\rb\r\n"), Some(Fault::CarriageReturn));
    }

    #[test]
    fn a_timeout_is_a_number() {
        for line in
            ["reserve-with-timeout 0\r\n", "reserve-with-timeout   07\r\n", "reserve\r\n", "reserve-x\r\n"]
        {
            assert_eq!(Fault::of_line(line.as_bytes()), None, "{line}");
        }
        for argument in ["", "-1", "+1", "x", "\t1", "2147483648"] {
            let line = format!("reserve-with-timeout {argument}\r\n");
            assert_eq!(Fault::of_line(line.as_bytes()), Some(Fault::TimeoutNotNumber), "{line}");
        }
    }
}

//! Random requests of beanstalkd's protocol: every command, with valid and with invalid arguments.

use fastrand::Rng;

use super::sequence::{Piece, Request};

/// Delays and TTRs in seconds are 0 or so long that nothing falls due while a sequence runs.
const DELAYS: &[&str] = &["0", "0", "0", "0", "0", "0", "1000", "2000", "3000", "4294967295"];
const TTRS: &[&str] = &["1000", "2000", "00003000", "4294967295"];
/// Around the limit of what is urgent, at both ends, and often equal.
const PRIORITIES: &[&str] = &["0", "1", "1", "2", "1023", "1024", "1025", "4294967295"];
const TUBES: &[&str] = &["default", "default", "alpha", "alpha", "beta", "a+b/c;d.e$f_g-(h)", "0"];
const PRIVATE_TUBES: &[&str] = &["default", "own-0", "own-1", "own-2", "own-3"];
const BODIES: &[&[u8]] = &[b"", b"a", b"hello", b"\r\n", b"delete 1\r\n", b"\0\xff\x80", b"quit\r\n\r\n"];
const KICKS: &[&str] = &["0", "1", "2", "100", "4294967295"];
/// The longest name of a tube in bytes.
const TUBE_BYTES_MAX: usize = 200;
/// The largest body in bytes that both servers take by default.
const JOB_BYTES_MAX: usize = 65535;

/// A well-formed request that brings one reply, or none if it is `quit`.
pub(crate) fn request(rng: &mut Rng, private_tubes: bool) -> Request {
    let tubes = if private_tubes { PRIVATE_TUBES } else { TUBES };
    let tube = if rng.u8(0..50) == 0 { "t".repeat(TUBE_BYTES_MAX) } else { pick(rng, tubes).to_string() };
    let priority = pick(rng, PRIORITIES);
    let delay = pick(rng, DELAYS);
    match rng.u8(0..100) {
        0..=24 => put(rng),
        25..=29 => Request::new(format!("use {tube}\r\n")),
        30..=33 if !private_tubes => Request::new(format!("watch {tube}\r\n")),
        34..=36 if !private_tubes => Request::new(format!("ignore {tube}\r\n")),
        30..=38 => waiting(rng),
        39..=48 => Request::new("reserve-with-timeout 0\r\n"),
        49..=52 => of_job(rng, "reserve-job ", ""),
        53..=57 => of_job(rng, "delete ", ""),
        58..=62 => of_job(rng, "release ", &format!(" {priority} {delay}")),
        63..=68 => of_job(rng, "bury ", &format!(" {priority}")),
        69..=70 => of_job(rng, "touch ", ""),
        71..=72 => of_job(rng, "peek ", ""),
        73..=75 => Request::new(format!("peek-{}\r\n", pick(rng, &["ready", "delayed", "buried"]))),
        76..=79 => Request::new(format!("kick {}\r\n", pick(rng, KICKS))),
        80..=82 => of_job(rng, "kick-job ", ""),
        83..=84 => Request::new("stats\r\n"),
        85..=88 => of_job(rng, "stats-job ", ""),
        89..=91 => Request::new(format!("stats-tube {tube}\r\n")),
        92..=95 => Request::new(format!("list-{}\r\n", pick(rng, &["tubes", "tube-used", "tubes-watched"]))),
        96..=98 => Request::new(format!("pause-tube {tube} {}\r\n", pick(rng, &["0", "1000"]))),
        _ if private_tubes => Request::new("list-tube-used\r\n"),
        _ => Request { replies: None, ..Request::new("quit\r\n") },
    }
}

/// A request that makes no job, wakes nobody and shows no counter.
pub(crate) fn harmless(rng: &mut Rng) -> Request {
    const LINES: &[&str] =
        &["reserve-with-timeout 0", "peek-ready", "peek-buried", "list-tubes", "list-tubes-watched"];
    Request::new(format!("{}\r\n", pick(rng, LINES)))
}

/// A put that is in order.
pub(crate) fn put(rng: &mut Rng) -> Request {
    let body = if rng.u8(0..200) == 0 { vec![b'x'; JOB_BYTES_MAX] } else { pick(rng, BODIES).to_vec() };
    put_of(rng, body.len(), "", &body)
}

/// A put whose line says one length and whose body may have another.
fn put_of(rng: &mut Rng, bytes: usize, trailing: &str, body: &[u8]) -> Request {
    let (priority, delay, ttr) = (pick(rng, PRIORITIES), pick(rng, DELAYS), pick(rng, TTRS));
    let mut text = format!("put {priority} {delay} {ttr} {bytes}{trailing}\r\n").into_bytes();
    text.extend_from_slice(body);
    text.extend_from_slice(b"\r\n");
    Request::new(text)
}

fn waiting(rng: &mut Rng) -> Request {
    let line = pick(rng, &["reserve\r\n", "reserve-with-timeout 1000\r\n"]);
    Request { waits: true, ..Request::new(line) }
}

fn of_job(rng: &mut Rng, command: &str, arguments: &str) -> Request {
    let job = match rng.u8(0..20) {
        0 => Piece::Text(b"0".to_vec()),
        1 => Piece::Text(b"18446744073709551615".to_vec()),
        _ => Piece::Job(rng.usize(0..16)),
    };
    let end = Piece::Text(format!("{arguments}\r\n").into_bytes());
    Request { pieces: vec![Piece::Text(command.into()), job, end], replies: Some(1), waits: false }
}

/// A request that breaks a rule. How many replies it brings is for the servers to say.
pub(crate) fn malformed(rng: &mut Rng) -> Request {
    let request = match rng.u8(0..12) {
        0 => put_of(rng, 3, "", b"abcdef"),
        1 => put_of(rng, 3, "", b"abcXYlist-tube-used"),
        2 => put_of(rng, 3, " 4", b"abc"),
        3 => too_big(rng),
        4 => {
            let tube = pick(rng, &["-a", "", "a b", "a*b", "caf\u{e9}", "\t"]);
            Request::new(format!("{}{tube}\r\n", pick(rng, &["use ", "watch ", "ignore ", "stats-tube "])))
        }
        5 => Request::new(format!("use {}\r\n", "t".repeat(TUBE_BYTES_MAX + 1))),
        6 => long_line(rng),
        7 => {
            let number = pick(
                rng,
                &["4294967296", "18446744073709551616", "-1", "+1", "\t1", "1 ", "  01", "x", "", "1x"],
            );
            let line = pick(rng, WITH_NUMBER);
            // If the number is good enough for a server, it must not wait for a second.
            let number =
                if line.starts_with("reserve-with") { number.replace('1', "0") } else { number.into() };
            Request::new(format!("{}\r\n", line.replace('#', &number)))
        }
        8 => {
            let length = rng.usize(0..40);
            let mut line: Vec<u8> = std::iter::repeat_with(|| rng.u8(..)).take(length).collect();
            line.extend_from_slice(b"\r\n");
            Request::new(line)
        }
        _ => Request::new(format!("{}\r\n", pick(rng, ODD_LINES))),
    };
    Request { replies: None, ..request }
}

/// Lines with a number to fill in. Should a put be valid after all, its body is there.
const WITH_NUMBER: &[&str] = &[
    "put # 0 1000 0\r\n",
    "put 0 # 1000 0\r\n",
    "put 0 0 #000 0\r\n",
    "put 0 0 1000 #\r\nx",
    "reserve-with-timeout #",
    "reserve-job #",
    "delete #",
    "release # 1 1000",
    "release 1 # 1000",
    "release 1 1 #000",
    "bury # 1",
    "bury 1 #",
    "touch #",
    "peek #",
    "kick #",
    "kick-job #",
    "stats-job #",
    "pause-tube default #000",
];

const ODD_LINES: &[&str] = &[
    "",
    " ",
    "\n",
    "\r",
    "list-tubes\n",
    "PUT 0 0 1 0",
    "put",
    "put ",
    "put 0",
    "put 0 0 1",
    "use",
    "reservex",
    "reserve ",
    "reserve-with-timeout",
    "reserve-job",
    "reserve-job ",
    "delete",
    "release",
    "release 1",
    "release 1 1",
    "bury",
    "bury 1",
    "touch",
    "watch",
    "ignore",
    "peek",
    "peek-readyx",
    "peek-delayed ",
    "peek-buried 1",
    "peek-",
    "kick",
    "kick ",
    "kick-job",
    "kick-jobs 1",
    "stats ",
    "statsx",
    "stats-job",
    "stats-tube",
    "list-tubes ",
    "list-tubes-watchedx",
    "list-tube-usedx",
    "list-tube",
    "pause-tube",
    "pause-tube default",
    "pause-tube  default  1000",
    "pause-tubedefault 1000",
    "pause-tube default 1000 1",
    "delete 1 2",
    "peek 1 2",
    "quit now",
    " put 0 0 1 0",
    "reserve-with-timeout 0 0",
];

fn too_big(rng: &mut Rng) -> Request {
    if rng.u8(0..8) != 0 {
        // A body so large that it never ends would swallow the rest of the connection: the length is refused.
        return Request::new("put 0 0 1000 99999999999\r\n");
    }
    let bytes = JOB_BYTES_MAX + rng.usize(1..2000);
    let trailing = pick(rng, &["", " 4"]);
    put_of(rng, bytes, trailing, &vec![b'y'; bytes])
}

fn long_line(rng: &mut Rng) -> Request {
    let bytes = pick(rng, &[200, 220, 221, 222, 224, 300, 447, 448, 1000]);
    Request::new(format!("{}{}\r\n", pick(rng, &["use ", "xyz ", "peek "]), "7".repeat(bytes - 6)))
}

/// A request with one byte of its line replaced, unless that changes what a put swallows or how long one waits.
pub(crate) fn mutated(rng: &mut Rng) -> Option<Request> {
    let mut request = request(rng, false);
    let Some(Piece::Text(text)) = request.pieces.first_mut() else { return None };
    let length = text.len().checked_sub(2).filter(|length| *length > 0)?;
    if text.starts_with(b"put ") || text.starts_with(b"reserve-with") {
        return None;
    }
    let place = rng.usize(0..length);
    text[place] = pick(rng, b"\0 \t-+0x/\"\n\x80Z");
    request.replies = None;
    Some(request)
}

fn pick<T: Copy>(rng: &mut Rng, choices: &[T]) -> T {
    choices[rng.usize(0..choices.len())]
}

//! The limits of the listeners, each with its unit last.

/// Requests of one connection that may await their replies; more stay in the socket.
pub(crate) const REQUESTS_AWAITING_MAX: u32 = 1024;

/// A list of more children than this is gathered piece by piece, so many names at a time: about 0.2 ms of work,
pub(crate) const LISTING_NAMES_AT_ONCE: usize = 2048;

/// or, if the names are long, so many bytes and a few names more.
pub(crate) const LISTING_BYTES_AT_ONCE: usize = 256 << 10;

/// So many of those lists are gathered at a time, since each takes memory until it is sent; others wait for their turns.
pub(crate) const LISTINGS_AT_ONCE: usize = 4;

/// Bytes of the answer to a request that holds many questions: each of tens of thousands could be a megabyte.
pub(crate) const MULTI_READ_BYTES_MAX: usize = 16 << 20;

/// Questions of one connection that may wait behind its writes, since each answer may be a large one.
pub(crate) const PLACED_QUERIES_MAX: u32 = 16;

/// Of requests that were sent ahead, the znodes of so many are brought near before the first is answered,
pub(crate) const REQUESTS_LOOKED_AT_AHEAD: usize = 16;

/// up to one that is no question or has more bytes: decoding it twice would cost more than it saves.
pub(crate) const FRAME_BYTES_LOOKED_AT_AHEAD_MAX: u32 = 1 << 10;

/// Bytes of replies that a client has not taken; with more, its requests stay in the socket until it reads. An answer
/// that has more by itself is a long one.
pub(crate) const REPLY_BYTES_UNSENT_MAX: usize = 64 << 10;

/// Bytes of memory for what all clients together have not taken. With more, those that are stuck are closed, no request
/// is taken from those that have left something, and long answers to questions are refused.
pub(crate) const REPLY_BYTES_UNSENT_TOTAL_MAX: usize = 64 << 20;

/// When clients are closed for it, the total is brought down to so many bytes, so that it is not to be done again at once.
pub(crate) const REPLY_BYTES_UNSENT_TOTAL_AIM: usize = REPLY_BYTES_UNSENT_TOTAL_MAX / 2;

/// A client is stuck if its socket has taken nothing of what is there for it for so long, in milliseconds.
pub(crate) const STUCK_MS: u64 = 3000;

/// Clients that are stuck are looked for no more often than this, in milliseconds: it is a walk over all of them.
pub(crate) const STUCK_CHECK_MS: u64 = 250;

/// With so many bytes, replies are sent before their entry has ended.
pub(crate) const REPLY_BYTES_GATHERED_MAX: usize = 1 << 20;

/// Of a long reply, a socket is given so many bytes before others get a turn, however fast its client reads.
pub(crate) const REPLY_BYTES_SENT_AT_ONCE: usize = 256 << 10;

/// What is left of long replies is moved into a buffer of its own size once it has this many bytes or fewer. Moving more
/// would hold up all other clients.
pub(crate) const REPLY_BYTES_MOVED_MAX: usize = 1 << 20;

/// When an entry has something for more connections than this, the others are written to later.
pub(crate) const INLINE_WRITES_MAX: usize = 256;

/// So many of those are written to before others get a turn: about 0.5 ms of work.
pub(crate) const LATER_WRITES_AT_ONCE: usize = 64;

/// A reply buffer that grew beyond this is given back once it is empty. It holds the answers to sixteen requests that a
/// client sent ahead, since growing from nothing again for each such lot costs as much as encoding them.
pub(crate) const REPLY_BUFFER_BYTES_KEPT: usize = 8 << 10;

/// Bytes taken from a socket at a time, into a buffer that all connections share.
pub(crate) const READ_BYTES: usize = 64 << 10;

/// As long as no more bytes are kept of a client that sends ahead while its earlier requests wait, one more reading is
/// taken from its socket; what comes then stays there.
pub(crate) const SENT_AHEAD_BYTES_MAX: usize = 16 << 10;

/// Bytes of memory for requests of ZooKeeper's protocol whose rest has not come, of all clients together. With more, a
/// client is hung up on when more of its request comes,
pub(crate) const FRAME_BYTES_UNFINISHED_TOTAL_MAX: usize = 256 << 20;

/// but so many of the largest requests have room however large those may be,
pub(crate) const FRAMES_UNFINISHED_MIN: usize = 4;

/// and each client may have as much as is kept of requests that are sent ahead, in a buffer that grows by doubling.
pub(crate) const FRAME_BYTES_OF_CLIENT_GRANTED: usize = 2 * (SENT_AHEAD_BYTES_MAX + READ_BYTES);

/// An answer to an operator's word is given in pieces of so many connections, sessions or watches at most,
pub(crate) const WORD_PIECE_ITEMS: usize = 256;

/// and of so many bytes and the one thing with which it has more.
pub(crate) const WORD_PIECE_BYTES: usize = 16 << 10;

/// As long as connections are refused, of an address that has too many or of all, or clients are hung up on for what they
/// take up, a message says so this often, in milliseconds.
pub(crate) const REFUSAL_REMINDER_MS: u64 = 60_000;

/// How long a listener rests when the system has no more descriptors, in milliseconds.
pub(crate) const ACCEPT_PAUSE_MS: u64 = 100;

/// Bytes of memory that a watch counts for, besides those of its path: its places in lists and tables.
pub(crate) const WATCH_BYTES: usize = 128;

/// Bytes that the watches of one client may have: a million with paths of 200 bytes.
pub(crate) const WATCH_BYTES_OF_CLIENT_MAX: usize = 320 << 20;
const _: () = assert!(WATCH_BYTES_OF_CLIENT_MAX >= 1_000_000 * (WATCH_BYTES + 200));

/// Bytes that the watches of all clients may have, which have a path that several watch once,
pub(crate) const WATCH_BYTES_TOTAL_MAX: usize = 1 << 30;

/// and besides as many of each client, so that nobody who watches little is hung up on because others watch much.
pub(crate) const WATCH_BYTES_OF_CLIENT_GRANTED: usize = 64 << 10;

/// How long a connection of ZooKeeper's protocol may be without a session, in milliseconds, as in the real server. Whoever
/// asks a four-letter word may leave the answer for as long.
pub(crate) const SESSIONLESS_MS: u64 = 10_000;

/// Bytes that all identities of a client may have. Each of its commands carries them into the log.
pub(crate) const IDENTITY_BYTES_MAX: usize = 8 << 10;

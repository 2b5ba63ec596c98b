//! The messages of what runs for long: a server, a supervisor. What commands print is in `output`.
//!
//! A standard error that nobody reads, as of a terminal that is held up, must not hold up those who have a message. So a
//! thread writes, once there may be threads.

mod queue;

use std::cell::Cell;
use std::io::{self, Write};
use std::sync::OnceLock;
use std::time::Duration;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use self::queue::{Entry, Queue};
use crate::settings::{LogFormat, LogLevel};

/// How long the end waits for messages to be written.
const FLUSH_MAX: Duration = Duration::from_secs(2);

/// There as soon as a thread writes.
static QUEUE: OnceLock<Queue> = OnceLock::new();

thread_local! {
    static IS_WRITER: Cell<bool> = const { Cell::new(false) };
}

/// Messages go to standard error, at first by whoever has one. Of what openraft tells of its own life, only warnings are of interest to those who look
/// for faults: it has hundreds of lines for each request, and what matters of it is said here as well.
pub(crate) fn start(level: LogLevel, format: LogFormat) {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let consensus = match level {
        LevelFilter::TRACE | LevelFilter::DEBUG => LevelFilter::WARN,
        _ => LevelFilter::OFF,
    };
    let filter = Targets::new().with_default(level).with_target("openraft", consensus);
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer().with_writer(|| Messages);
    // Setting it twice can't happen in a program with one `main`.
    let _ = match format {
        LogFormat::Text => {
            let colour = io::IsTerminal::is_terminal(&io::stderr()) && std::env::var_os("NO_COLOR").is_none();
            registry.with(layer.with_ansi(colour).with_target(false)).try_init()
        }
        LogFormat::Json => registry.with(layer.json()).try_init(),
    };
}

/// From now on a thread writes, and nobody waits for it.
///
/// # Errors
///
/// There can't be a thread.
pub(crate) fn write_by_thread() -> io::Result<()> {
    let queue = QUEUE.get_or_init(Queue::default);
    std::thread::Builder::new().name("messages".to_owned()).spawn(|| {
        IS_WRITER.set(true);
        loop {
            match queue.next() {
                // A standard error that is gone leaves nobody to tell.
                Entry::Message(message) => drop(io::stderr().write_all(&message)),
                Entry::LeftOut(messages) => {
                    tracing::warn!(messages, "left out here, since nobody read the standard error");
                }
            }
        }
    })?;
    Ok(())
}

/// Waits until all messages are written, at most for a moment; whether they are. If not, nobody reads them, and writing
/// to standard error would never end.
pub(crate) fn flush() -> bool {
    QUEUE.get().is_none_or(|queue| queue.flush(FLUSH_MAX))
}

/// Where a message goes: to the thread, or at once if there is none, or if this is it.
struct Messages;

impl Write for Messages {
    fn write(&mut self, message: &[u8]) -> io::Result<usize> {
        match QUEUE.get() {
            Some(queue) if !IS_WRITER.get() => {
                queue.push(message);
                Ok(message.len())
            }
            _ => io::stderr().write(message),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

//! The supervisor's guardian, which is this program, too. What it does is in `trellis-supervisor`.

use std::process::ExitCode;

use trellis_supervisor::runtime::Guard;

use crate::exit::Exit;
use crate::messages;
use crate::settings::{LogFormat, LogLevel};

/// Guards until the supervisor is gone.
pub(crate) fn guard(guard: Guard) -> ExitCode {
    let format = if guard.json() { LogFormat::Json } else { LogFormat::Text };
    messages::start(LogLevel::Info, format);
    // A standard error that nobody reads must not keep it from its work.
    let outcome = guard.run(messages::write_by_thread);
    if let Err(error) = &outcome {
        tracing::error!("the guardian cannot go on: {error}");
    }
    messages::flush();
    outcome.map_or(Exit::Internal, |()| Exit::Ok).into()
}

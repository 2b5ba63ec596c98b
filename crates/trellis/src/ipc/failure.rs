//! What an object's errors mean for the person at the command line.

use trellis_unix::php::VariableError;
use trellis_unix::sysv::{IpcError, Key};

use crate::exit::{Exit, Failure};

/// The failure that an error of the system's stands for.
#[expect(clippy::needless_pass_by_value, reason = "it is passed to map_err")]
pub(super) fn of_object(error: IpcError) -> Failure {
    let message = error.to_string();
    match error {
        IpcError::Missing { .. } => {
            Failure::new(Exit::NotFound, message).hint("`trellis ipc list` shows what there is")
        }
        IpcError::Removed { .. } => Failure::new(Exit::NotFound, message),
        IpcError::Denied { .. } => {
            Failure::new(Exit::Refused, message).hint("`trellis ipc list` shows owner and mode")
        }
        IpcError::Full { .. } => {
            Failure::new(Exit::Refused, message).hint("with --wait it is waited for room")
        }
        IpcError::TooBig { .. }
        | IpcError::TooBigToTake { .. }
        | IpcError::WrongSize { .. }
        | IpcError::NotPhp { .. }
        | IpcError::Exists { .. }
        | IpcError::NoRoom { .. } => Failure::new(Exit::Refused, message),
        IpcError::Invalid { .. } => Failure::new(Exit::Usage, message),
        IpcError::Outside { .. } | IpcError::System { .. } => Failure::new(Exit::Internal, message),
    }
}

/// The failure that an error with shared variables stands for.
pub(super) fn of_variable(key: Key) -> impl Fn(VariableError) -> Failure {
    move |error| match error {
        VariableError::Memory(error) => of_object(error),
        VariableError::Layout(error) => {
            let failure = Failure::new(Exit::Refused, format!("segment {key}: {error}"));
            match error {
                trellis_unix::php::LayoutError::Full { .. } => failure
                    .hint("a segment has the size that it was made with: delete it, and send with --size"),
                _ => failure,
            }
        }
        VariableError::Parse { .. } | VariableError::Write(_) => {
            Failure::new(Exit::Internal, format!("segment {key}: {error}"))
        }
    }
}

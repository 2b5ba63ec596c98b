//! Data in PHP's own forms, so that PHP and Rust processes exchange it both ways: values as `serialize()` writes them, the
//! variables of `shm_put_var`, the messages of `msg_send`.
//!
//! PHP itself is not needed for any of it. The locks of `sem_get` are [`Semaphore`](crate::sysv::Semaphore).

mod layout;
mod messages;
mod parse;
mod value;
mod variables;
mod write;

pub use layout::LayoutError;
pub use messages::{MessageError, receive_value, send_value};
pub use parse::{ParseError, unserialize};
pub use value::{PhpKey, PhpObject, PhpValue};
pub use variables::{SharedVariables, Variable, VariableError};
pub use write::{WriteError, serialize};

//! What the PHP modules share: the safe side of the Zend engine.
//!
//! | Module | What it is for |
//! |---|---|
//! | [`function`] | functions and methods whose arguments are checked as PHP checks its own |
//! | [`Call`], [`FromArgument`] | a call's arguments, `$this`, and what is passed by reference |
//! | [`Throw`], [`exceptions!`] | exceptions with file, line and trace, of PHP's classes and of one's own |
//! | [`native!`], [`Class`], [`Native`] | classes with state in Rust that users may extend |
//! | [`value()`], [`string`] | values for PHP |
//! | [`call`], [`outcome`], [`fatal_error`] | calls of PHP code, and what has become of them |
//! | [`doorbell`], [`quiet_thread`] | how another thread has PHP code called |
//! | [`Turn`] | what is not to be begun again while it is under way |
//! | [`request`] | whether PHP's values may be kept beyond a call |
//! | [`fork`], [`process`] | what must be held while the process forks, and processes for PHP code |
//! | [`setting`], [`SaveHandler`] | what php.ini says, and a place for PHP's sessions |
//! | [`Information`] | what `phpinfo()` prints |
//! | [`Owner`] | which process something belongs to, since PHP scripts fork |
//!
//! Nothing here knows what a module is about. `unsafe` is found in `sys` alone. What holds a borrow or a lock must give it
//! back before PHP code is called: that code may call the module again, or end the request by a jump past all of Rust.

mod call;
mod class;
pub mod doorbell;
pub mod fork;
pub mod function;
mod interrupt;
mod outcome;
mod owner;
pub mod process;
pub mod request;
mod sleep;
mod sys;
mod throw;
mod turn;
mod value;

pub use call::{Call, FromArgument, Mismatch};
pub use class::{
    Class, Exception, Native, create, register, register_exception, register_interface, started,
};
pub use ext_php_rs;
pub use function::function;
pub use interrupt::serve_interrupts;
pub use outcome::{Outcome, call_function, has_function, outcome};
pub use owner::Owner;
pub use sys::callable::call;
pub use sys::information::{Information, print_information};
pub use sys::last_error::fatal_error;
pub use sys::object::{object_value, state};
pub use sys::save_handler::{SaveHandler, offer};
pub use sys::setting::setting;
pub use sys::slot::Slot;
pub use sys::stream::{inherited, is_path_allowed, open_to_append, stream_descriptor};
pub use sys::thread::quiet_thread;
pub use throw::Throw;
pub use turn::{Taken, Turn};
pub use value::{string, value};

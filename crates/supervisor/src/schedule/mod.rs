//! When a program with a schedule is due. Wall-clock time comes in as an argument; nothing here reads a clock.

mod expression;
#[cfg(test)]
mod tests;
mod ticks;

pub use expression::{Schedule, ScheduleError};
pub(crate) use ticks::is_far_ahead;
pub use ticks::{Missed, Overlap, Tick, Ticks};

//! Scripts of events with what the machine does, and a simulation of servers and workers that come and go.

mod random;
mod script;

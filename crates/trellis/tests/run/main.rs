//! `trellis run` with real processes: programs, signals, the control socket, and what is left when it is killed.

mod helper;
mod jobs;
mod life;
mod listen;
mod operate;
mod places;
mod scaling;
mod supervisor;
mod timetable;

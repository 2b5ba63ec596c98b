//! openraft joined to the state machine and the log on disk.

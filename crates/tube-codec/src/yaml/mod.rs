//! The flat YAML in the bodies of `OK` replies: written for servers, with beanstalkd 1.13's keys, order and
//! quotes, and read for clients.
//!
//! Writers append the complete reply, `OK <bytes>` and the CR LF after the body included.
//!
//! ```
//! use trellis_tube_codec::{Reply, yaml};
//!
//! let mut out = Vec::new();
//! yaml::tube_list(["default", "mail"].into_iter(), &mut out);
//! assert_eq!(out, b"OK 21\r\n---\n- default\n- mail\n\r\n");
//!
//! let Ok(Some(Reply::Ok { body })) = Reply::decode(&mut out.as_slice(), 1024) else { unreachable!() };
//! assert!(yaml::parse_list(body).eq(["default", "mail"]));
//! ```

mod parse;
mod statistics;
mod write;

pub use parse::{parse_list, parse_map};
pub use statistics::{JobState, JobStats, ServerStats, TubeStats};
pub use write::{stats, stats_job, stats_tube, tube_list};

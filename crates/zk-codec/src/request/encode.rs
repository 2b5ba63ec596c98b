//! Requests to bytes.

use super::{Create, Request};
use crate::frame::OpenFrame;
use crate::jute::{
    write_bool, write_buffer, write_i32, write_i64, write_nullable_buffer, write_nullable_string,
    write_string,
};
use crate::list::List;
use crate::multi;

impl Request<'_> {
    /// Appends the request's frame. The server gives `xid` back in its reply; some numbers have a meaning, see
    /// [`xid`](crate::xid).
    ///
    /// The server hangs up on frames over its limit, which is
    /// [`FRAME_BYTES_MAX_DEFAULT`](crate::limits::FRAME_BYTES_MAX_DEFAULT) if nobody has changed it.
    ///
    /// # Panics
    /// If the request has over 2 GiB.
    pub fn encode(&self, xid: i32, out: &mut Vec<u8>) {
        let frame = OpenFrame::begin(out);
        write_i32(xid, out);
        write_i32(self.op().number(), out);
        self.write(out);
        frame.end_or_panic(out);
    }

    fn write(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Create(create) | Self::Create2(create) | Self::CreateContainer(create) => create.write(out),
            Self::CreateTtl { create, ttl_ms } => {
                create.write(out);
                write_i64(ttl_ms, out);
            }
            Self::Exists { path, watch }
            | Self::GetData { path, watch }
            | Self::GetChildren { path, watch }
            | Self::GetChildren2 { path, watch } => {
                write_string(path, out);
                write_bool(watch, out);
            }
            Self::Delete { path, version: number } | Self::Check { path, version: number } => {
                write_path_and_number(path, number, out);
            }
            Self::CheckWatches { path, kind } | Self::RemoveWatches { path, kind } => {
                write_path_and_number(path, kind.number(), out);
            }
            Self::AddWatch { path, mode } => write_path_and_number(path, mode.number(), out),
            Self::SetData { path, data, version } => write_set_data(path, data, version, out),
            Self::SetAcl { path, acl, version } => {
                write_string(path, out);
                acl.write(out);
                write_i32(version, out);
            }
            Self::GetAcl { path }
            | Self::Sync { path }
            | Self::GetEphemerals { prefix: path }
            | Self::GetAllChildrenNumber { path } => write_string(path, out),
            Self::Multi(operations) => multi::write_all(operations, out),
            Self::MultiRead(operations) => multi::write_all(operations, out),
            Self::Reconfig { joining, leaving, members, config } => {
                write_nullable_string(joining, out);
                write_nullable_string(leaving, out);
                write_nullable_string(members, out);
                write_i64(config, out);
            }
            Self::Auth { kind, scheme, credentials } => {
                write_i32(kind, out);
                write_string(scheme, out);
                write_nullable_buffer(credentials, out);
            }
            Self::SetWatches { zxid, data, exist, child } => write_watches(zxid, [data, exist, child], out),
            Self::SetWatches2 { zxid, data, exist, child, persistent, persistent_recursive } => {
                write_watches(zxid, [data, exist, child, persistent, persistent_recursive], out);
            }
            Self::Sasl { token } => write_buffer(token, out),
            Self::Ping | Self::WhoAmI | Self::CloseSession => {}
        }
    }
}

impl Create<'_> {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        write_string(self.path, out);
        write_nullable_buffer(self.data, out);
        self.acl.write(out);
        write_i32(self.mode.number(), out);
    }
}

pub(crate) fn write_path_and_number(path: &str, number: i32, out: &mut Vec<u8>) {
    write_string(path, out);
    write_i32(number, out);
}

pub(crate) fn write_set_data(path: &str, data: Option<&[u8]>, version: i32, out: &mut Vec<u8>) {
    write_string(path, out);
    write_nullable_buffer(data, out);
    write_i32(version, out);
}

fn write_watches<const COUNT: usize>(zxid: i64, lists: [List<'_, &str>; COUNT], out: &mut Vec<u8>) {
    write_i64(zxid, out);
    for list in lists {
        list.write(out);
    }
}

//! ZooKeeper's protocol: the only place that knows its codec.

mod watches;

//! An append-only log of opaque records in recycled segments, and snapshot files.

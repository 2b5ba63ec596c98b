//! What the checks of all parts share.

/// An error of these words unless `holds`.
pub(crate) fn ensure(holds: bool, trouble: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(trouble()) }
}

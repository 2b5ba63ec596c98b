//! PHP's values made of Rust's.

use ext_php_rs::convert::IntoZval;
use ext_php_rs::types::{ZendStr, Zval};

/// A value for PHP of what Rust has; null of what PHP can't have.
#[must_use]
pub fn value(from: impl IntoZval) -> Zval {
    from.into_zval(false).unwrap_or_default()
}

/// A string of any bytes.
#[must_use]
pub fn string(bytes: impl AsRef<[u8]>) -> Zval {
    let mut string = Zval::new();
    string.set_zend_string(ZendStr::new(bytes, false));
    string
}

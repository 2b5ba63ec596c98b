//! What `phpinfo()` and `php --ri` print about a module.

use std::ffi::{CStr, c_char};

use ext_php_rs::ffi::{php_info_print_table_end, php_info_print_table_row, php_info_print_table_start};
use ext_php_rs::zend::ModuleEntry;

unsafe extern "C" {
    fn display_ini_entries(module: *mut ModuleEntry);
}

/// What is said about a module, beside its settings.
pub trait Information {
    /// What something is called, and how it is.
    const ROWS: &[(&CStr, &CStr)];
}

/// Prints it; for `ModuleBuilder::info_function`.
///
/// # Safety
///
/// The module must be one that PHP has started, as it is when PHP calls this.
pub unsafe extern "C" fn print_information<I: Information>(module: *mut ModuleEntry) {
    // SAFETY: it takes nothing.
    unsafe { php_info_print_table_start() };
    for (name, value) in I::ROWS {
        let (name, value): (*const c_char, *const c_char) = (name.as_ptr(), value.as_ptr());
        // SAFETY: it takes as many texts as the number says, and copies them.
        unsafe { php_info_print_table_row(2, name, value) };
    }
    // SAFETY: as for the table's start.
    unsafe { php_info_print_table_end() };
    // SAFETY: the caller says that it is a module.
    unsafe { display_ini_entries(module) };
}

//! What objects hold in Rust, for the engine's collector of cycles. What it isn't told of is held by somebody whom it doesn't
//! know, and stays.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, null_mut};

use ext_php_rs::ffi::std_object_handlers;
use ext_php_rs::types::{ZendHashTable, ZendObject, Zval};

use crate::{Native, state};

thread_local! {
    /// What the collector is told of. It has looked at all of it when it asks the next object.
    static TOLD: RefCell<Vec<ManuallyDrop<Zval>>> = const { RefCell::new(Vec::new()) };
}

/// The properties, as of any object, and what the state holds.
pub(super) unsafe extern "C" fn values<T: Native>(
    object: *mut ZendObject,
    table: *mut *mut Zval,
    count: *mut i32,
) -> *mut ZendHashTable {
    // SAFETY: the engine's own table, which nobody changes.
    let standard = unsafe { std_object_handlers.get_gc };
    // SAFETY: it is called as the engine would call it.
    let properties = standard.map_or(null_mut(), |standard| unsafe { standard(object, table, count) });
    // What panics here tells of less than there is, which keeps it.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the engine asks for an object that is there.
        let Some(state) = state::<T>(unsafe { &*object }) else { return };
        TOLD.with_borrow_mut(|told| {
            told.clear();
            state.hold(&mut |value| told.push(copy(value)));
            if told.is_empty() {
                return;
            }
            // SAFETY: the engine's function has left there how many values there are at `table`.
            let count_of_properties = usize::try_from(unsafe { *count }).unwrap_or(0);
            // SAFETY: and the values' place.
            let properties_at = unsafe { *table };
            let more = (0..count_of_properties).map(|index| {
                // SAFETY: as above.
                let value = unsafe { properties_at.add(index) };
                // SAFETY: nobody changes them meanwhile.
                copy(unsafe { &*value })
            });
            told.extend(more);
            // SAFETY: these are the places for the answer, which stays as it is until the collector asks again.
            unsafe { *table = told.as_mut_ptr().cast() };
            // SAFETY: as above.
            unsafe { *count = i32::try_from(told.len()).unwrap_or(i32::MAX) };
        });
    }));
    properties
}

/// The same value once more, without counting it.
fn copy(value: &Zval) -> ManuallyDrop<Zval> {
    // SAFETY: it is not dropped, so that nobody gives back what wasn't counted.
    unsafe { ptr::read(ptr::from_ref(value).cast()) }
}

//! Objects with a state in Rust: one allocation that holds the state and, behind it, the engine's object.

use std::mem::{ManuallyDrop, offset_of};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use ext_php_rs::ffi::{
    IS_OBJECT_EX, ext_php_rs_zend_object_alloc, object_properties_init, std_object_handlers,
    zend_object_std_dtor, zend_object_std_init,
};
use ext_php_rs::flags::ClassFlags;
use ext_php_rs::types::{ZendObject, Zval};
use ext_php_rs::zend::{ClassEntry, ExecuteData, ZendObjectHandlers};

use super::collect;
use crate::Native;

/// The state comes first, so a pointer to the whole is one to it. The engine keeps declared properties right behind its
/// object, so that comes last.
#[repr(C)]
struct Object<T> {
    state: T,
    engine: ZendObject,
}

/// Has the objects of a class, and of those that extend it, made with a state.
pub(crate) fn prepare<T: Native>(class: &mut ClassEntry) {
    class.__bindgen_anon_2.create_object = Some(create::<T>);
    class.ce_flags |= ClassFlags::NotSerializable.bits();
}

/// `$this` of a call.
pub(crate) fn this<'a>(frame: &ExecuteData) -> Option<&'a ZendObject> {
    let object: *const ZendObject = frame.This.object()?;
    // SAFETY: the caller holds its object for as long as the call takes, which is what `'a` stands for in `Call`.
    unsafe { object.as_ref() }
}

/// An object as a value, which holds it.
#[must_use]
pub fn object_value(object: &ZendObject) -> Zval {
    // It isn't counted as a user of the object, so it must not be dropped; its clone is.
    let mut uncounted = ManuallyDrop::new(Zval::new());
    uncounted.value.obj = ptr::from_ref(object).cast_mut();
    uncounted.u1.type_info = IS_OBJECT_EX;
    uncounted.shallow_clone()
}

/// The state of an object, if it is one of a class with this state.
#[must_use]
pub fn state<T: Native>(object: &ZendObject) -> Option<&T> {
    if !object.get_class_entry().instance_of(T::entry()) {
        return None;
    }
    let whole = ptr::from_ref(object).wrapping_byte_sub(offset_of!(Object<T>, engine)).cast::<Object<T>>();
    // SAFETY: objects of this class and those that extend it are made by `create` alone.
    let whole = unsafe { &*whole };
    Some(&whole.state)
}

unsafe extern "C" fn create<T: Native>(class: *mut ClassEntry) -> *mut ZendObject {
    // A panic must not cross into C; without a state there is no object, and so no way on.
    let state = catch_unwind(T::default).unwrap_or_else(|_| std::process::abort());
    // SAFETY: the size is that of the type; the engine adds the declared properties', and ends the request when there is
    // no memory.
    let whole = unsafe { ext_php_rs_zend_object_alloc(size_of::<Object<T>>(), class) }.cast::<Object<T>>();
    // SAFETY: the memory is large enough, and PHP aligns it for anything up to 8 bytes, which `handlers` makes sure of.
    let engine = unsafe { &raw mut (*whole).engine };
    // SAFETY: as above, and the place holds nothing yet.
    unsafe { ptr::write(whole.cast::<T>(), state) };
    // SAFETY: the object is in memory of its own, with room for the properties of its class.
    unsafe { zend_object_std_init(engine, class) };
    // SAFETY: as above.
    unsafe { object_properties_init(engine, class) };
    // SAFETY: the object is initialized, and the handlers live as long as the module.
    unsafe { (*engine).handlers = T::slot().handlers(handlers::<T>) };
    engine
}

fn handlers<T: Native>() -> ZendObjectHandlers {
    const { assert!(align_of::<Object<T>>() <= 8, "PHP aligns memory to 8 bytes") };
    // SAFETY: the engine's own table, which nobody changes, holds only pointers and numbers.
    let mut handlers: ZendObjectHandlers = unsafe { ptr::read(&raw const std_object_handlers) };
    handlers.offset =
        i32::try_from(offset_of!(Object<T>, engine)).unwrap_or_else(|_| panic!("keep {} in a Box", T::NAME));
    handlers.free_obj = Some(free::<T>);
    handlers.get_gc = Some(collect::values::<T>);
    handlers.clone_obj = None;
    handlers
}

unsafe extern "C" fn free<T: Native>(object: *mut ZendObject) {
    let whole = object.wrapping_byte_sub(offset_of!(Object<T>, engine)).cast::<Object<T>>();
    // What panics here is not worth a crash, and there is nobody left to tell.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the engine frees an object once, and only those that `create` made have this handler.
        unsafe { ptr::drop_in_place(whole.cast::<T>()) };
    }));
    // SAFETY: it gives the properties back; the engine frees the memory itself, with help of the offset.
    unsafe { zend_object_std_dtor(object) };
}

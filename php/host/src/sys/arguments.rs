//! The arguments of a call: counted and converted as PHP does it for its own functions, by the declared parameters.

use std::ffi::{CString, c_char};
use std::mem;
use std::ptr::null_mut;

use ext_php_rs::alloc::{efree, estrdup};
use ext_php_rs::ffi::{
    _zend_expected_type, _zend_expected_type_Z_EXPECTED_ARRAY, _zend_expected_type_Z_EXPECTED_ARRAY_OR_NULL,
    _zend_expected_type_Z_EXPECTED_BOOL, _zend_expected_type_Z_EXPECTED_BOOL_OR_NULL,
    _zend_expected_type_Z_EXPECTED_DOUBLE, _zend_expected_type_Z_EXPECTED_DOUBLE_OR_NULL,
    _zend_expected_type_Z_EXPECTED_LONG, _zend_expected_type_Z_EXPECTED_LONG_OR_NULL,
    _zend_expected_type_Z_EXPECTED_OBJECT, _zend_expected_type_Z_EXPECTED_OBJECT_OR_NULL,
    _zend_expected_type_Z_EXPECTED_RESOURCE, _zend_expected_type_Z_EXPECTED_RESOURCE_OR_NULL,
    _zend_expected_type_Z_EXPECTED_STRING, _zend_expected_type_Z_EXPECTED_STRING_OR_NULL, IS_ARRAY,
    IS_CALLABLE, IS_DOUBLE, IS_LONG, IS_NULL, IS_OBJECT, IS_RESOURCE, IS_STRING, MAY_BE_ANY, MAY_BE_BOOL,
    ZEND_ACC_VARIADIC, zend_class_entry, zend_is_callable_ex, zend_reference, zend_string,
    zend_wrong_parameters_count_error,
};
use ext_php_rs::types::Zval;
use ext_php_rs::zend::{ClassEntry, ExecuteData};

// Exported by the engine for extensions, with these signatures from PHP 8.1 to 8.4.
unsafe extern "C" {
    fn zend_parse_arg_str_slow(value: *mut Zval, result: *mut *mut zend_string, number: u32) -> bool;
    fn zend_parse_arg_long_slow(value: *mut Zval, result: *mut i64, number: u32) -> bool;
    fn zend_parse_arg_double_slow(value: *mut Zval, result: *mut f64, number: u32) -> bool;
    fn zend_parse_arg_bool_slow(value: *mut Zval, result: *mut bool, number: u32) -> bool;
    fn zend_wrong_parameter_type_error(number: u32, expected: _zend_expected_type, value: *mut Zval);
    fn zend_wrong_callback_error(number: u32, error: *mut c_char);
    fn zend_wrong_callback_or_null_error(number: u32, error: *mut c_char);
    fn zend_argument_error(class: *mut zend_class_entry, number: u32, format: *const c_char, ...);
    fn zend_try_assign_typed_ref(reference: *mut zend_reference, value: *mut Zval) -> i32;
}

const STRING: u32 = 1 << IS_STRING;
const LONG: u32 = 1 << IS_LONG;
const DOUBLE: u32 = 1 << IS_DOUBLE;
const CALLABLE: u32 = 1 << IS_CALLABLE;

/// How many arguments were given.
pub(crate) fn count(frame: &ExecuteData) -> usize {
    // SAFETY: every member of the union is a number, and in a frame it is this one.
    let given = unsafe { frame.This.u2.num_args };
    given as usize
}

/// The argument at `index`, counted from 0.
pub(crate) fn value<'a>(frame: &ExecuteData, index: usize) -> Option<&'a Zval> {
    if index >= count(frame) {
        return None;
    }
    // SAFETY: the argument was given, and the frame holds it for as long as the call takes, which is what `'a` stands for
    // in `Call`. `check` is over, so nobody converts it any more.
    let value: &Zval = unsafe { frame.zend_call_arg(index) }?;
    Some(value)
}

/// Counts the arguments and converts them to what is declared. `false` if they don't fit, and then PHP has the exception.
pub(crate) fn check(frame: &mut ExecuteData) -> bool {
    // SAFETY: the frame of a call says which function is called.
    let function = unsafe { &*frame.func };
    // SAFETY: it is one of ours, so none that is written in PHP.
    let function = unsafe { &function.internal_function };
    let given = count(frame);
    let (required, declared) = (function.required_num_args as usize, function.num_args as usize);
    let variadic = function.fn_flags & ZEND_ACC_VARIADIC != 0;
    if given < required || (given > declared && !variadic) {
        let most = if variadic { u32::MAX } else { function.num_args };
        // SAFETY: it takes numbers only.
        unsafe { zend_wrong_parameters_count_error(function.required_num_args, most) };
        return false;
    }
    (0..given).all(|index| {
        // SAFETY: there is a description for each parameter, and one more for the rest of a variadic function.
        let parameter = unsafe { function.arg_info.add(index.min(declared)) };
        // SAFETY: as above; they live as long as the function.
        let parameter = unsafe { &*parameter };
        // SAFETY: the argument was given.
        let Some(slot) = (unsafe { frame.zend_call_arg(index) }) else { return false };
        fits(slot, parameter.type_.type_mask, number(index))
    })
}

/// Gives `value` to the variable that was passed by reference. `false` if its type is another, and then PHP has the
/// exception.
pub(crate) fn assign(frame: &mut ExecuteData, index: usize, mut value: Zval) -> bool {
    // SAFETY: the caller has seen to it that the argument was given.
    let Some(slot) = (unsafe { frame.zend_call_arg(index) }) else { return true };
    if !slot.is_reference() {
        // It is a value that belongs to the frame: the function was called with what is no variable.
        return true;
    }
    // SAFETY: it is a reference.
    let reference = unsafe { slot.value.ref_ };
    // SAFETY: as above, and the frame holds it.
    let sources = unsafe { (*reference).sources };
    // SAFETY: every member of the union is a pointer, which is null if no property has this variable.
    let typed = unsafe { sources.ptr };
    if !typed.is_null() {
        // SAFETY: both are valid, and the engine takes the value over.
        let assigned = unsafe { zend_try_assign_typed_ref(reference, &raw mut value) };
        mem::forget(value);
        return assigned == 0;
    }
    // The old value goes last: its destructor is PHP code, and sees the new one.
    drop(mem::replace(slot.dereference_mut(), value));
    true
}

/// Throws an error about the argument at `index`; `wanted` is the end of the sentence.
pub(crate) fn complain(class: &'static ClassEntry, index: usize, wanted: &str) {
    let wanted = CString::new(wanted.replace('\0', "\\0")).unwrap_or_default();
    let class = std::ptr::from_ref(class).cast_mut();
    // SAFETY: the format asks for one text, which the engine copies. It must be called within a function, as it is.
    unsafe { zend_argument_error(class, number(index), c"%s".as_ptr(), wanted.as_ptr()) };
}

/// PHP counts arguments from 1.
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX - 1) + 1
}

/// Whether the argument is of the declared type, or could be converted to it. If not, PHP has the exception.
fn fits(slot: &mut Zval, declared: u32, number: u32) -> bool {
    let wanted = declared & (MAY_BE_ANY | CALLABLE);
    // SAFETY: every value has a type.
    let is = 1 << u32::from(unsafe { slot.u1.v.type_ });
    // What is passed by reference, or of a class, is the function's own business.
    if wanted == 0 || wanted == 1 << IS_NULL || is & wanted != 0 || slot.is_reference() {
        return true;
    }
    let nullable = wanted & (1 << IS_NULL) != 0;
    if wanted & CALLABLE != 0 {
        return is_callback(slot, nullable, number);
    }
    convert(slot, wanted & !(1 << IS_NULL), number) || {
        let expected = expectation(wanted & !(1 << IS_NULL), nullable);
        // SAFETY: it says what is wrong with the value, unless there is an exception already.
        unsafe { zend_wrong_parameter_type_error(number, expected, slot) };
        false
    }
}

/// Converts a value to a scalar type in its place.
fn convert(slot: &mut Zval, wanted: u32, number: u32) -> bool {
    let converted = match wanted {
        STRING => {
            let mut text = null_mut();
            // SAFETY: it converts in place, and the frame owns the value.
            return unsafe { zend_parse_arg_str_slow(slot, &raw mut text, number) };
        }
        LONG => {
            let mut long = 0;
            // SAFETY: it leaves the value as it is.
            unsafe { zend_parse_arg_long_slow(slot, &raw mut long, number) }.then(|| crate::value(long))
        }
        DOUBLE => {
            let mut double = 0.0;
            // SAFETY: it leaves the value as it is.
            unsafe { zend_parse_arg_double_slow(slot, &raw mut double, number) }.then(|| crate::value(double))
        }
        MAY_BE_BOOL => {
            let mut flag = false;
            // SAFETY: it leaves the value as it is.
            unsafe { zend_parse_arg_bool_slow(slot, &raw mut flag, number) }.then(|| crate::value(flag))
        }
        _ => None,
    };
    converted.map(|value| *slot = value).is_some()
}

/// Whether the argument can be called.
fn is_callback(slot: &mut Zval, nullable: bool, number: u32) -> bool {
    let mut problem: *mut c_char = null_mut();
    // SAFETY: it writes a text of its own to `problem`, or nothing.
    let callable =
        unsafe { zend_is_callable_ex(slot, null_mut(), 0, null_mut(), null_mut(), &raw mut problem) };
    if callable {
        if !problem.is_null() {
            // SAFETY: the engine made it for us.
            unsafe { efree(problem.cast()) };
        }
        return true;
    }
    if problem.is_null() {
        problem = estrdup("no array or string given");
    }
    if nullable {
        // SAFETY: it takes the text over.
        unsafe { zend_wrong_callback_or_null_error(number, problem) };
    } else {
        // SAFETY: it takes the text over.
        unsafe { zend_wrong_callback_error(number, problem) };
    }
    false
}

/// The engine's name for what was declared.
fn expectation(wanted: u32, nullable: bool) -> _zend_expected_type {
    const ARRAY: u32 = 1 << IS_ARRAY;
    const OBJECT: u32 = 1 << IS_OBJECT;
    const RESOURCE: u32 = 1 << IS_RESOURCE;
    let (plain, or_null) = match wanted {
        LONG => (_zend_expected_type_Z_EXPECTED_LONG, _zend_expected_type_Z_EXPECTED_LONG_OR_NULL),
        DOUBLE => (_zend_expected_type_Z_EXPECTED_DOUBLE, _zend_expected_type_Z_EXPECTED_DOUBLE_OR_NULL),
        MAY_BE_BOOL => (_zend_expected_type_Z_EXPECTED_BOOL, _zend_expected_type_Z_EXPECTED_BOOL_OR_NULL),
        ARRAY => (_zend_expected_type_Z_EXPECTED_ARRAY, _zend_expected_type_Z_EXPECTED_ARRAY_OR_NULL),
        OBJECT => (_zend_expected_type_Z_EXPECTED_OBJECT, _zend_expected_type_Z_EXPECTED_OBJECT_OR_NULL),
        RESOURCE => {
            (_zend_expected_type_Z_EXPECTED_RESOURCE, _zend_expected_type_Z_EXPECTED_RESOURCE_OR_NULL)
        }
        _ => (_zend_expected_type_Z_EXPECTED_STRING, _zend_expected_type_Z_EXPECTED_STRING_OR_NULL),
    };
    if nullable { or_null } else { plain }
}

//! Classes: exceptions, and classes whose objects have a state in Rust. They are registered in a module's start-up.

use ext_php_rs::boxed::ZBox;
use ext_php_rs::builders::ClassBuilder;
use ext_php_rs::class::ClassEntryInfo;
use ext_php_rs::error::Result;
use ext_php_rs::exception::PhpException;
use ext_php_rs::flags::ClassFlags;
use ext_php_rs::types::{ZendObject, Zval};
use ext_php_rs::zend::ClassEntry;

use crate::sys::object;
use crate::{Slot, Throw};

/// A PHP class that this module has registered, or will in its start-up; [`class!`](crate::class!) declares it.
pub trait Class: 'static {
    /// Its full name, such as `Trellis\Lock`.
    const NAME: &'static str;

    /// Where the registered class is kept: a `static` of its own.
    fn slot() -> &'static Slot;

    /// The registered class.
    ///
    /// # Panics
    ///
    /// Panics before it is registered.
    #[must_use]
    fn entry() -> &'static ClassEntry {
        Self::slot().entry().unwrap_or_else(|| panic!("the class {} is not registered", Self::NAME))
    }
}

/// Has a type stand for a PHP class: `class!(Timer = "Trellis\\Timer");`
#[macro_export]
macro_rules! class {
    ($class:ty = $name:literal) => {
        impl $crate::Class for $class {
            const NAME: &'static str = $name;

            fn slot() -> &'static $crate::Slot {
                static SLOT: $crate::Slot = $crate::Slot::new();
                &SLOT
            }
        }
    };
}

/// The same for a class whose objects have a state of this type. If that holds PHP's values, a function tells of them, as
/// [`Native::hold`] says: `native!(Pool = "Trellis\\ProcessPool", hold)`.
#[macro_export]
macro_rules! native {
    ($class:ty = $name:literal) => {
        $crate::class!($class = $name);

        impl $crate::Native for $class {}
    };
    ($class:ty = $name:literal, $hold:expr) => {
        $crate::class!($class = $name);

        impl $crate::Native for $class {
            fn hold(&self, tell: &mut dyn FnMut(&$crate::ext_php_rs::types::Zval)) {
                ($hold)(self, tell);
            }
        }
    };
}

/// An exception class; [`exceptions!`](crate::exceptions) makes them.
pub trait Exception: Class {
    /// The class that it extends.
    fn parent() -> &'static ClassEntry;

    /// An exception of this class, to be returned from a function. It has the file, the line and the trace of the place
    /// that called the function.
    #[must_use]
    fn with(message: &str, code: i32) -> Throw {
        // PHP would take a NUL for the end of the message.
        PhpException::new(message.replace('\0', "\\0"), code, Self::entry()).into()
    }
}

/// Declares exception classes; each has to be registered by [`register_exception`], parents first.
///
/// ```ignore
/// exceptions! {
///     /// Whatever goes wrong with ZooKeeper.
///     pub struct Failure = "ZookeeperException" extends ce::exception;
///     /// A znode isn't there.
///     pub struct NoNode = "ZookeeperNoNodeException" extends Failure::entry;
/// }
/// ```
#[macro_export]
macro_rules! exceptions {
    ($($(#[$note:meta])* $visibility:vis struct $class:ident = $name:literal extends $parent:expr;)*) => {$(
        $(#[$note])*
        $visibility struct $class;

        $crate::class!($class = $name);

        impl $crate::Exception for $class {
            fn parent() -> &'static $crate::ext_php_rs::zend::ClassEntry {
                ($parent)()
            }
        }
    )*};
}

/// A class whose objects have a state of type `Self`, made by `default()` when the object is, before any constructor: a
/// class of the user's that extends it need not call the parent's constructor. [`native!`](crate::native!) declares it.
///
/// Methods get a shared reference, since PHP may call them while another is under way. Objects can't be cloned or
/// serialized.
pub trait Native: Class + Default {
    /// Tells of the values that the object holds, each as often as it holds it, so that PHP finds objects that hold each
    /// other and are held by nobody else. Those that are called whoever else knows the object, such as the callback of a
    /// timer, are not to be told of.
    ///
    /// PHP may ask whenever a value is dropped. Nothing may be dropped or called here, and what is borrowed is left out.
    fn hold(&self, tell: &mut dyn FnMut(&Zval)) {
        let _ = tell;
    }
}

/// Registers an exception class; `build` may add constants and methods.
///
/// # Errors
///
/// If there is a class of that name, or if what was added doesn't make a class.
pub fn register_exception<E: Exception>(
    build: impl FnOnce(ClassBuilder) -> Result<ClassBuilder>,
) -> Result<()> {
    let parent: ClassEntryInfo = (E::parent, "");
    build(ClassBuilder::new(E::NAME).extends(parent))?
        .registration(|entry, tables| E::slot().keep(entry, tables))
        .register()
}

/// Registers a class with a state; `build` adds its methods and constants.
///
/// # Errors
///
/// If there is a class of that name, or if what was added doesn't make a class.
pub fn register<T: Native>(build: impl FnOnce(ClassBuilder) -> Result<ClassBuilder>) -> Result<()> {
    build(ClassBuilder::new(T::NAME))?
        .registration(|entry, tables| {
            object::prepare::<T>(entry);
            T::slot().keep(entry, tables);
        })
        .register()
}

/// A new object of a class with a state; `fill` is given that. No constructor is called.
#[must_use]
pub fn create<T: Native>(fill: impl FnOnce(&T)) -> ZBox<ZendObject> {
    let object = ZendObject::new(T::entry());
    if let Some(state) = object::state(&object) {
        fill(state);
    }
    object
}

/// Registers an interface; `build` adds its methods, which are abstract.
///
/// # Errors
///
/// If there is a class of that name, or if what was added doesn't make an interface.
pub fn register_interface<T: Class>(build: impl FnOnce(ClassBuilder) -> Result<ClassBuilder>) -> Result<()> {
    build(ClassBuilder::new(T::NAME).flags(ClassFlags::Interface))?
        .registration(|entry, tables| T::slot().keep(entry, tables))
        .register()
}

/// What a module's start-up function returns to PHP: success, or failure after a message that says what failed.
#[must_use]
pub fn started(outcome: Result<()>) -> i32 {
    match outcome {
        Ok(()) => 0,
        Err(error) => {
            ext_php_rs::error::php_error(&ext_php_rs::flags::ErrorType::CoreWarning, &error.to_string());
            -1
        }
    }
}

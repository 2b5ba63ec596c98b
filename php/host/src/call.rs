//! A call of one of our functions: its arguments, which PHP has already converted to the declared types, and its `$this`.

use ext_php_rs::convert::IntoZval;
use ext_php_rs::exception::PhpException;
use ext_php_rs::types::{ZendHashTable, ZendObject, Zval};
use ext_php_rs::zend::{ExecuteData, ce};

use crate::sys::{arguments, object};
use crate::{Native, Throw};

/// A call under way.
pub struct Call<'a> {
    frame: &'a mut ExecuteData,
}

impl<'a> Call<'a> {
    pub(crate) fn new(frame: &'a mut ExecuteData) -> Call<'a> {
        Call { frame }
    }

    /// How many arguments were given.
    #[must_use]
    pub fn count(&self) -> usize {
        arguments::count(self.frame)
    }

    /// The argument at `index`, counted from 0. An `Option` is `None` if it was left out or is null.
    ///
    /// # Errors
    ///
    /// A TypeError or ValueError that names the argument, if it isn't what is asked for. A parameter that is declared as
    /// what is asked for here can only fail as [`FromArgument`] says.
    pub fn argument<T: FromArgument<'a>>(&self, index: usize) -> Result<T, Throw> {
        T::from_argument(arguments::value(self.frame, index)).map_err(|mismatch| match mismatch {
            Mismatch::Type(wanted) => self.type_error(index, wanted),
            Mismatch::Value(wanted) => self.value_error(index, wanted),
        })
    }

    /// Gives `value` to the variable that was passed by reference at `index`; does nothing if none was.
    ///
    /// # Errors
    ///
    /// If the variable is a property with a type that the value doesn't have; or if the value can't be a PHP value.
    pub fn set_output(&mut self, index: usize, value: impl IntoZval) -> Result<(), Throw> {
        if index < self.count() && !arguments::assign(self.frame, index, value.into_zval(false)?) {
            return Err(Throw::Pending);
        }
        Ok(())
    }

    /// The state in Rust of `$this`.
    ///
    /// # Errors
    ///
    /// An `Error` if the function wasn't called as a method of a `T`, which takes a mistake in how it was declared.
    pub fn this<T: Native>(&self) -> Result<&'a T, Throw> {
        let state = object::this(self.frame).and_then(object::state);
        state.ok_or_else(|| PhpException::new(format!("$this is no {}", T::NAME), 0, ce::error()).into())
    }

    /// `$this` as PHP sees it; `None` in a function or a static method.
    #[must_use]
    pub fn this_object(&self) -> Option<&'a ZendObject> {
        object::this(self.frame)
    }

    /// `$this` once more, for a method that returns its object; null in a function or a static method.
    #[must_use]
    pub fn this_value(&mut self) -> Zval {
        let mut value = Zval::new();
        if let Some(object) = self.frame.This.object_mut() {
            value.set_object(object);
        }
        value
    }

    /// A TypeError such as `f(): Argument #1 ($path) must be absolute`, of which `wanted` is the end: `must be absolute`.
    #[must_use]
    pub fn type_error(&self, index: usize, wanted: &str) -> Throw {
        arguments::complain(ce::type_error(), index, wanted);
        Throw::Pending
    }

    /// A ValueError, otherwise like [`Call::type_error`].
    #[must_use]
    pub fn value_error(&self, index: usize, wanted: &str) -> Throw {
        arguments::complain(ce::value_error(), index, wanted);
        Throw::Pending
    }
}

/// What is wrong with an argument, as the end of PHP's sentence: `must be of type string`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// It makes a TypeError.
    Type(&'static str),
    /// It makes a ValueError.
    Value(&'static str),
}

/// What an argument can be taken as.
pub trait FromArgument<'a>: Sized {
    /// The argument's value; `None` if it was left out.
    ///
    /// # Errors
    ///
    /// If it is something else.
    fn from_argument(value: Option<&'a Zval>) -> Result<Self, Mismatch>;
}

/// Any value, callables among them.
impl<'a> FromArgument<'a> for &'a Zval {
    fn from_argument(value: Option<&'a Zval>) -> Result<Self, Mismatch> {
        value.ok_or(Mismatch::Type("must be given"))
    }
}

/// A string with any bytes.
impl<'a> FromArgument<'a> for &'a [u8] {
    fn from_argument(value: Option<&'a Zval>) -> Result<Self, Mismatch> {
        let text = value.and_then(Zval::zend_str).ok_or(Mismatch::Type("must be of type string"))?;
        Ok(text.as_bytes())
    }
}

/// A string of UTF-8; another is a ValueError.
impl<'a> FromArgument<'a> for &'a str {
    fn from_argument(value: Option<&'a Zval>) -> Result<Self, Mismatch> {
        let bytes = <&[u8]>::from_argument(value)?;
        str::from_utf8(bytes).map_err(|_| Mismatch::Value("must be valid UTF-8"))
    }
}

impl FromArgument<'_> for i64 {
    fn from_argument(value: Option<&Zval>) -> Result<Self, Mismatch> {
        value.and_then(Zval::long).ok_or(Mismatch::Type("must be of type int"))
    }
}

impl FromArgument<'_> for f64 {
    fn from_argument(value: Option<&Zval>) -> Result<Self, Mismatch> {
        value.and_then(Zval::double).ok_or(Mismatch::Type("must be of type float"))
    }
}

impl FromArgument<'_> for bool {
    fn from_argument(value: Option<&Zval>) -> Result<Self, Mismatch> {
        value.and_then(Zval::bool).ok_or(Mismatch::Type("must be of type bool"))
    }
}

impl<'a> FromArgument<'a> for &'a ZendHashTable {
    fn from_argument(value: Option<&'a Zval>) -> Result<Self, Mismatch> {
        value.and_then(Zval::array).ok_or(Mismatch::Type("must be of type array"))
    }
}

impl<'a> FromArgument<'a> for &'a ZendObject {
    fn from_argument(value: Option<&'a Zval>) -> Result<Self, Mismatch> {
        value.and_then(Zval::object).ok_or(Mismatch::Type("must be of type object"))
    }
}

impl<'a, T: FromArgument<'a>> FromArgument<'a> for Option<T> {
    fn from_argument(value: Option<&'a Zval>) -> Result<Self, Mismatch> {
        match value {
            None => Ok(None),
            Some(value) if value.is_null() => Ok(None),
            present => T::from_argument(present).map(Some),
        }
    }
}

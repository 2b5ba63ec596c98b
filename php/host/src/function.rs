//! Functions and methods: a Rust function, and the parameters that PHP checks and reflection shows.

use ext_php_rs::args::Arg;
use ext_php_rs::builders::FunctionBuilder;
use ext_php_rs::convert::IntoZval;
use ext_php_rs::flags::DataType;

use crate::sys::function::builder;
use crate::{Call, Throw};

/// A PHP function or method that is made of a Rust function; parameters and the return type are added to what this gives.
///
/// Before `body` is called, the arguments have been counted and converted to the declared types by PHP's rules, those of
/// the script that calls: with `strict_types` an int is no string, without it is. What doesn't fit is PHP's own error,
/// which names the function and the argument. A panic in `body` becomes an `Error`.
///
/// A method that users override gets no return type: an override without one, as old code has it, would be fatal.
///
/// ```ignore
/// function("courages_greet", greet)
///     .arg(required("name", DataType::String))
///     .not_required()
///     .arg(optional("times", DataType::Long, "1"))
///     .arg(output("letters"))
///     .returns(DataType::String, false, false)
///
/// fn greet(call: &mut Call<'_>) -> Result<String, Throw> {
///     let times = call.argument::<Option<i64>>(1)?.unwrap_or(1);
///     let greeting = format!("Hello {}", call.argument::<&str>(0)?);
///     call.set_output(2, greeting.len())?;
///     Ok(greeting)
/// }
/// ```
///
/// `body` must be a function or a closure that captures nothing; anything else doesn't compile.
pub fn function<F, R>(name: &str, body: F) -> FunctionBuilder<'static>
where
    F: Fn(&mut Call<'_>) -> Result<R, Throw> + Copy + 'static,
    R: IntoZval,
{
    builder(name, body)
}

/// A parameter that must be given.
pub fn required(name: &str, kind: DataType) -> Arg<'static> {
    Arg::new(name, kind)
}

/// A parameter that may be left out; `default` is PHP code for what it is then, as reflection shows it.
pub fn optional(name: &str, kind: DataType, default: &str) -> Arg<'static> {
    Arg::new(name, kind).default(default)
}

/// A parameter that may be left out or null, which are the same.
pub fn nullable(name: &str, kind: DataType) -> Arg<'static> {
    Arg::new(name, kind).allow_null().default("null")
}

/// A parameter by which something is given back, and which may be left out.
pub fn output(name: &str) -> Arg<'static> {
    Arg::new(name, DataType::Mixed).as_ref().default("null")
}

//! A PHP extension as small as it gets, to write one's own by: docs/php.md walks through it. It needs nothing of trellis.

use ext_php_rs::prelude::*;
use ext_php_rs::types::Zval;
use ext_php_rs::zend::ProcessGlobals;

/// Greets by name.
#[php_function]
pub fn courages_helloworld(name: &str) -> String {
    format!("Hello {name}")
}

/// What `$_SERVER` has under a key, or null. The script itself need not have named `$_SERVER`.
#[php_function]
pub fn courages_server(key: &str) -> Option<Zval> {
    let globals = ProcessGlobals::get();
    globals.http_server_vars()?.get(key).map(Zval::shallow_clone)
}

/// The way in which PHP runs, such as `cli`: a PHP function that is called without arguments.
#[php_function]
pub fn courages_sapi() -> PhpResult<Zval> {
    Ok(ZendCallable::try_from_name("php_sapi_name")?.try_call(vec![])?)
}

/// Whether there is such a folder: a PHP function that is called with an argument.
#[php_function]
pub fn courages_is_dir(path: &str) -> PhpResult<bool> {
    let answer = ZendCallable::try_from_name("is_dir")?.try_call(vec![&path])?;
    Ok(answer.bool().unwrap_or(false))
}

/// Calls whatever can be called with a value, and returns what it returns. What it throws reaches the caller of this.
#[php_function]
#[expect(clippy::needless_pass_by_value, reason = "the types of the parameters are what PHP checks")]
pub fn courages_call(callback: ZendCallable, value: &Zval) -> PhpResult<Zval> {
    Ok(callback.try_call(vec![value])?)
}

/// The list of what the module has; PHP asks for it when it loads the module.
#[php_module]
pub fn module(module: ModuleBuilder) -> ModuleBuilder {
    module
        .function(wrap_function!(courages_helloworld))
        .function(wrap_function!(courages_server))
        .function(wrap_function!(courages_sapi))
        .function(wrap_function!(courages_is_dir))
        .function(wrap_function!(courages_call))
}

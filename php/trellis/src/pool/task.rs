//! What a task does, in a child or in this process: PHP code is called, and its outcome told.

use std::io::Write;
use std::os::unix::net::UnixStream;

use ext_php_rs::convert::IntoZvalDyn;
use ext_php_rs::types::{ZendCallable, ZendHashTable, ZendObject, Zval};
use trellis_php_host::{
    Class, Outcome, Throw, call_function, fatal_error, has_function, outcome, process, string, value,
};
use trellis_unix::frame::write_frame;
use trellis_unix::limits::FRAME_BYTES_MAX;

use super::ProcessInterface;
use super::said::{Failure, returned};

/// What to call, and with what.
pub(super) struct Task {
    callable: Zval,
    arguments: Vec<Zval>,
}

impl Task {
    /// A task of a callable, or of an object with a method `run`; none if it is neither.
    pub(super) fn new(function: &Zval, arguments: Vec<Zval>) -> Option<Task> {
        let run = function.object().filter(|object| {
            object.instance_of(ProcessInterface::entry()) || (!function.is_callable() && has_run(object))
        });
        let callable = match run {
            Some(_) => run_of(function)?,
            None if function.is_callable() => function.shallow_clone(),
            None => return None,
        };
        Some(Task { callable, arguments })
    }

    /// All values that it has.
    pub(super) fn values(&self) -> impl Iterator<Item = &Zval> {
        std::iter::once(&self.callable).chain(&self.arguments)
    }

    /// The arguments, without the socket.
    pub(super) fn arguments(&self) -> Vec<Zval> {
        self.arguments.iter().map(Zval::shallow_clone).collect()
    }

    /// Calls it, with the task's end of the socket before its arguments.
    pub(super) fn call(&self, parent: &Zval) -> Result<Zval, Throw> {
        let rest = self.arguments.iter().map(|argument| argument as &dyn IntoZvalDyn);
        let arguments = std::iter::once(parent as &dyn IntoZvalDyn).chain(rest).collect();
        Ok(ZendCallable::new(&self.callable)?.try_call(arguments)?)
    }

    /// The rest of a child's life.
    pub(super) fn be_child(&self, parent: &Zval, socket: &UnixStream) -> ! {
        process::end(
            || {
                if let Some(frame) = self.frame(parent) {
                    say(socket, &frame);
                }
            },
            || {
                let message = fatal_error().unwrap_or_else(|| "the task ended in a fatal error".to_owned());
                say(socket, &Failure { message, code: 0 }.encode());
            },
        )
    }

    /// What is to be told of the outcome.
    fn frame(&self, parent: &Zval) -> Option<Vec<u8>> {
        let called = self.call(parent).and_then(|value| match value.is_null() {
            true => Ok(value),
            false => call_function("serialize", [value]),
        });
        match outcome(called) {
            Ok(Outcome::Value(value)) => Some(returned(&value)),
            Ok(Outcome::Thrown(exception)) => Some(failure(&exception).encode()),
            // It says nothing more; its exit code does. But a PHP whose memory was all used may end the script as by `exit`.
            Ok(Outcome::Exit) => fatal_error().map(|message| Failure { message, code: 0 }.encode()),
            Err(_) => Some(Failure { message: "the task can't be called".to_owned(), code: 0 }.encode()),
        }
    }
}

/// The socket as a task gets it: a `Socket`, or a stream where PHP has no sockets.
pub(super) fn socket_of(stream: &Zval) -> Result<Zval, Throw> {
    if has_function("socket_import_stream") {
        return call_function("socket_import_stream", [stream.shallow_clone()]);
    }
    Ok(stream.shallow_clone())
}

fn say(mut socket: &UnixStream, frame: &[u8]) {
    if frame.len() > FRAME_BYTES_MAX as usize {
        let message = format!("a result of {} bytes is too long", frame.len());
        return say(socket, &Failure { message, code: 0 }.encode());
    }
    // The parent is gone if this fails, and nobody is left to tell.
    let _ = write_frame(&mut socket, frame, FRAME_BYTES_MAX);
    let _ = socket.flush();
}

/// What an exception says.
fn failure(exception: &ZendObject) -> Failure {
    let text = exception.try_call_method("getMessage", vec![]).ok();
    let message = text.as_ref().and_then(Zval::zend_str).map(|text| String::from_utf8_lossy(text.as_bytes()));
    let code = exception.try_call_method("getCode", vec![]).ok().and_then(|code| code.long()).unwrap_or(0);
    Failure { message: message.unwrap_or_default().into_owned(), code }
}

fn has_run(object: &ZendObject) -> bool {
    let Ok(class) = object.get_class_name() else { return false };
    call_function("method_exists", [class.as_str(), "run"].map(string))
        .is_ok_and(|exists| exists.bool() == Some(true))
}

/// `[$object, 'run']`.
fn run_of(object: &Zval) -> Option<Zval> {
    let mut pair = ZendHashTable::new();
    pair.push(object.shallow_clone()).ok()?;
    pair.push("run").ok()?;
    let callable = value(pair);
    callable.is_callable().then_some(callable)
}

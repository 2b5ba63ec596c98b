//! `socket_send` and `socket_fetch`: how a task tells its pool of more than the value that it returns.

use ext_php_rs::types::Zval;
use trellis_php_host::{Call, Throw, call_function, string, value};

/// How many bytes say how long a value is.
const LENGTH_BYTES: i64 = 4;

/// `socket_send($socket, $data)`: writes four bytes of length and the value as `serialize()` has it.
pub(super) fn send(call: &mut Call<'_>) -> Result<(), Throw> {
    let stream = stream(call)?;
    let data = call_function("serialize", [call.argument::<&Zval>(1)?.shallow_clone()])?;
    let Some(text) = data.zend_str() else { return Ok(()) };
    let Ok(length) = u32::try_from(text.len()) else {
        return Err(call.value_error(1, "must have less than 4 GiB"));
    };
    let frame = [&length.to_be_bytes(), text.as_bytes()].concat();
    call_function("fwrite", [stream, string(frame)])?;
    Ok(())
}

/// `socket_fetch($socket)`: waits for a value and reads it; null when there are no more.
pub(super) fn fetch(call: &mut Call<'_>) -> Result<Option<Zval>, Throw> {
    let stream = stream(call)?;
    let Some(length) = read(&stream, LENGTH_BYTES)? else { return Ok(None) };
    let length = length.zend_str().and_then(|text| <[u8; 4]>::try_from(text.as_bytes()).ok());
    let Some(length) = length else { return Ok(None) };
    let Some(text) = read(&stream, u32::from_be_bytes(length).into())? else { return Ok(None) };
    call_function("unserialize", [text]).map(Some)
}

/// A `Socket` as a stream; a stream as it is.
fn stream(call: &Call<'_>) -> Result<Zval, Throw> {
    let socket: &Zval = call.argument(0)?;
    if socket.is_resource() {
        return Ok(socket.shallow_clone());
    }
    let is_socket =
        socket.object().is_some_and(|object| object.get_class_name().is_ok_and(|name| name == "Socket"));
    if !is_socket {
        return Err(call.type_error(0, "must be of type Socket or a stream"));
    }
    call_function("socket_export_stream", [socket.shallow_clone()])
}

/// So many bytes, or nothing if there are less.
fn read(stream: &Zval, bytes: i64) -> Result<Option<Zval>, Throw> {
    let text = call_function("stream_get_contents", [stream.shallow_clone(), value(bytes)])?;
    let whole = text.zend_str().is_some_and(|text| i64::try_from(text.len()) == Ok(bytes));
    Ok(whole.then_some(text))
}

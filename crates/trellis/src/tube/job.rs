//! A job's body on its way out: raw bytes, or JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::exit::Failure;
use crate::output::Output;

/// A job as JSON: the body as text, or in base64 if it is no text.
#[derive(Serialize)]
struct Job<'a> {
    id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
}

/// Writes the body so that another program gets exactly its bytes; a terminal gets a line end after it.
pub(super) fn print(id: u64, body: &[u8], output: &mut Output) -> Result<(), Failure> {
    if output.json() {
        let text = str::from_utf8(body).ok();
        let body_base64 = text.is_none().then(|| STANDARD.encode(body));
        return output.value(&Job { id, body: text, body_base64 });
    }
    output.write(body)?;
    if output.is_terminal() && !body.ends_with(b"\n") { output.write("\n") } else { Ok(()) }
}

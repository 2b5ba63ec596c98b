//! What the client's answers are as PHP values.

use ext_php_rs::boxed::ZBox;
use ext_php_rs::error::Result;
use ext_php_rs::types::ZendHashTable;
use trellis_php_host::string;
use trellis_tube_client::{Job, Statistics};

/// Statistics that are texts even where they look like numbers.
const TEXTS: [&str; 6] = ["hostname", "name", "os", "platform", "tube", "version"];

/// A PHP array.
pub(crate) type Array = ZBox<ZendHashTable>;

/// A job's or a count's number. PHP's are signed, and no server gets that far.
pub(crate) fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A job as the C extension's style has it.
pub(crate) fn job(job: &Job) -> Result<Array> {
    let mut array = ZendHashTable::new();
    array.insert("id", number(job.id))?;
    array.insert("data", string(&job.body))?;
    Ok(array)
}

/// Statistics by their names: counts are integers, shares of time are floats, all else is text.
pub(crate) fn statistics(statistics: &Statistics) -> Result<Array> {
    let mut array = ZendHashTable::new();
    // A server's id has 16 digits of base 16, and it is chance whether there are letters among them.
    let is_server = statistics.text("hostname").is_some();
    for (name, text) in statistics.pairs() {
        let is_text = TEXTS.contains(&name) || (name == "id" && is_server);
        let integer = text.parse::<i64>().ok().filter(|_| !is_text);
        let float = text.parse::<f64>().ok().filter(|_| name.starts_with("rusage"));
        match (integer, float) {
            (Some(integer), None) => array.insert(name, integer)?,
            (_, Some(float)) => array.insert(name, float)?,
            (None, None) => array.insert(name, text)?,
        }
    }
    Ok(array)
}

/// Statistics of several servers, under their addresses.
pub(crate) fn by_address(servers: &[String], answers: &[(usize, Statistics)]) -> Result<Array> {
    let mut array = ZendHashTable::new();
    for (server, answer) in answers {
        array.insert(servers[*server].as_str(), statistics(answer)?)?;
    }
    Ok(array)
}

/// A list of texts.
pub(crate) fn list(texts: &[String]) -> Result<Array> {
    let mut array = ZendHashTable::new();
    for text in texts {
        array.push(text.as_str())?;
    }
    Ok(array)
}

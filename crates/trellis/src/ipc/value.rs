//! Values on their way in and out: text or JSON here, PHP's values there.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, IsTerminal, Read};
use std::os::unix::ffi::OsStringExt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use trellis_unix::php::{PhpKey, PhpObject, PhpValue};

use crate::exit::{Exit, Failure};
use crate::limits::IPC_VALUE_BYTES_MAX;
use crate::output::{Output, note};

/// A value to be sent.
#[derive(Args)]
pub(super) struct ValueArgs {
    /// The value, a string; - reads it from standard input, to the last byte
    value: OsString,

    /// Take the value as JSON, so that PHP gets numbers, arrays and the like
    #[arg(long)]
    as_json: bool,
}

impl ValueArgs {
    /// The value's own bytes.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, Failure> {
        if self.value != "-" {
            return Ok(self.value.clone().into_vec());
        }
        if io::stdin().is_terminal() {
            note("reading the value from the terminal; Ctrl-D ends");
        }
        let mut bytes = Vec::new();
        let read = io::stdin().lock().take(IPC_VALUE_BYTES_MAX + 1).read_to_end(&mut bytes);
        read.map_err(|error| {
            Failure::new(Exit::Internal, format!("standard input cannot be read: {error}"))
        })?;
        if bytes.len() as u64 > IPC_VALUE_BYTES_MAX {
            return Err(Failure::new(Exit::Usage, "the value on standard input has more than 1 GiB"));
        }
        Ok(bytes)
    }

    /// The value as PHP will see it.
    pub(super) fn value(&self) -> Result<PhpValue, Failure> {
        let bytes = self.bytes()?;
        if !self.as_json {
            return Ok(PhpValue::String(bytes));
        }
        let json = serde_json::from_slice(&bytes);
        json.map(|FromJson(value)| value)
            .map_err(|error| Failure::new(Exit::Usage, format!("the value is no JSON: {error}")))
    }
}

/// Prints a value: a string so that another program gets exactly its bytes, all else as JSON.
pub(super) fn print(value: &PhpValue, output: &mut Output) -> Result<(), Failure> {
    match value {
        PhpValue::String(bytes) => print_bytes(bytes, output),
        other => output.value(&Json(other)),
    }
}

/// Prints bytes; a terminal gets a line end after them.
pub(super) fn print_bytes(bytes: &[u8], output: &mut Output) -> Result<(), Failure> {
    output.write(bytes)?;
    if output.is_terminal() && !bytes.ends_with(b"\n") { output.write("\n") } else { Ok(()) }
}

/// A value as JSON, in its order. What JSON doesn't have becomes an object whose keys begin with two underscores.
pub(super) struct Json<'a>(pub(super) &'a PhpValue);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            PhpValue::Null => serializer.serialize_unit(),
            PhpValue::Bool(truth) => serializer.serialize_bool(*truth),
            PhpValue::Int(number) => serializer.serialize_i64(*number),
            PhpValue::Float(number) if number.is_finite() => serializer.serialize_f64(*number),
            PhpValue::Float(number) => serializer.collect_map([("__float", number.to_string())]),
            PhpValue::String(bytes) => match str::from_utf8(bytes) {
                Ok(text) => serializer.serialize_str(text),
                Err(_) => serializer.collect_map([("__base64", STANDARD.encode(bytes))]),
            },
            PhpValue::Array(entries) if is_list(entries) => {
                serializer.collect_seq(entries.iter().map(|(_, value)| Json(value)))
            }
            PhpValue::Array(entries) => serializer.collect_map(named(entries)),
            PhpValue::Object(PhpObject { class, properties }) => {
                let class = PhpValue::String(class.clone());
                let first = std::iter::once(("__class".to_owned(), Json(&class)));
                serializer.collect_map(first.chain(named(properties)))
            }
            PhpValue::Custom { class, data } => {
                serializer.collect_map([("__class", text(class)), ("__base64", STANDARD.encode(data))])
            }
            PhpValue::Enum(case) => serializer.collect_map([("__enum", text(case))]),
            PhpValue::Reference(number) => serializer.collect_map([("__reference", number)]),
            PhpValue::SameObject(number) => serializer.collect_map([("__object", number)]),
        }
    }
}

fn is_list(entries: &[(PhpKey, PhpValue)]) -> bool {
    (0..).zip(entries).all(|(index, (key, _))| *key == PhpKey::Int(index))
}

fn named(entries: &[(PhpKey, PhpValue)]) -> impl Iterator<Item = (String, Json<'_>)> {
    entries.iter().map(|(key, value)| {
        let name = match key {
            PhpKey::Int(number) => number.to_string(),
            PhpKey::String(bytes) => text(bytes),
        };
        (name, Json(value))
    })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// JSON as PHP's `json_decode` reads it into arrays, in its order.
struct FromJson(PhpValue);

impl<'de> Deserialize<'de> for FromJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<FromJson, D::Error> {
        deserializer.deserialize_any(Reader).map(FromJson)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = PhpValue;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<PhpValue, E> {
        Ok(PhpValue::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<PhpValue, E> {
        Ok(PhpValue::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<PhpValue, E> {
        Ok(PhpValue::Int(number))
    }

    /// Like PHP, which makes a fraction of a number that is too large.
    fn visit_u64<E>(self, number: u64) -> Result<PhpValue, E> {
        let whole = i64::try_from(number).map(PhpValue::Int);
        Ok(whole.unwrap_or(PhpValue::Float(number as f64)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<PhpValue, E> {
        Ok(PhpValue::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<PhpValue, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<PhpValue, A::Error> {
        let mut list = Vec::new();
        while let Some(FromJson(value)) = values.next_element()? {
            list.push(value);
        }
        Ok(PhpValue::list(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<PhpValue, A::Error> {
        let mut array: Vec<(PhpKey, PhpValue)> = Vec::new();
        let mut places: HashMap<PhpKey, usize> = HashMap::new();
        while let Some((key, FromJson(value))) = entries.next_entry::<String, FromJson>()? {
            let key = PhpKey::from(key.as_str());
            match places.entry(key.clone()) {
                // Of a key that comes twice, the last value counts, in the first one's place.
                Entry::Occupied(place) => array[*place.get()].1 = value,
                Entry::Vacant(place) => {
                    place.insert(array.len());
                    array.push((key, value));
                }
            }
        }
        Ok(PhpValue::Array(array))
    }
}

//! A value of PHP's, as much of it as `serialize()` tells.

/// A value.
///
/// Strings are bytes, as in PHP. Arrays and properties keep their order.
///
/// # Example
///
/// ```
/// use trellis_unix::php::{PhpValue, serialize, unserialize};
///
/// let value = unserialize(br#"a:2:{i:0;s:2:"hi";s:4:"size";d:0.5;}"#)?;
/// assert_eq!(value.get("size"), Some(&PhpValue::Float(0.5)));
/// assert_eq!(serialize(&value)?, br#"a:2:{i:0;s:2:"hi";s:4:"size";d:0.5;}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum PhpValue {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction, an infinity, or none.
    Float(f64),
    /// A string of any bytes.
    String(Vec<u8>),
    /// An array, list or map. PHP writes no key twice; of one that is, the last counts there.
    Array(Vec<(PhpKey, PhpValue)>),
    /// An object whose properties are told.
    Object(PhpObject),
    /// An object of a class that writes itself (`Serializable`, written as `C:`).
    Custom {
        /// The class.
        class: Vec<u8>,
        /// What it has written.
        data: Vec<u8>,
    },
    /// A case of an enum, as `Suit:Hearts`.
    Enum(Vec<u8>),
    /// The same variable as an earlier value, by PHP's count (`R:`): a change of one is a change of both.
    Reference(u64),
    /// The same object as an earlier one, by PHP's count (`r:`).
    SameObject(u64),
}

/// An object: its class and its properties.
#[derive(Clone, Debug, PartialEq)]
pub struct PhpObject {
    /// The class.
    pub class: Vec<u8>,
    /// Names and values. The name of a private property is `\0Class\0name`, of a protected one `\0*\0name`; a class
    /// with `__serialize` may use numbers.
    pub properties: Vec<(PhpKey, PhpValue)>,
}

/// A key of an array.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PhpKey {
    /// A number.
    Int(i64),
    /// A string. PHP makes a number of one that looks like it, so `"7"` is not found there.
    String(Vec<u8>),
}

impl PhpValue {
    /// A list: the values with the keys 0, 1, 2, …
    pub fn list(values: impl IntoIterator<Item = PhpValue>) -> PhpValue {
        PhpValue::Array((0..).map(PhpKey::Int).zip(values).collect())
    }

    /// The value of a key, if this is an array or object that has it.
    pub fn get(&self, key: impl Into<PhpKey>) -> Option<&PhpValue> {
        let key = key.into();
        let (PhpValue::Array(entries) | PhpValue::Object(PhpObject { properties: entries, .. })) = self
        else {
            return None;
        };
        entries.iter().find(|(own, _)| *own == key).map(|(_, value)| value)
    }

    /// The bytes, if this is a string.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            PhpValue::String(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The number, if this is a whole one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            PhpValue::Int(number) => Some(*number),
            _ => None,
        }
    }
}

impl From<&str> for PhpValue {
    fn from(text: &str) -> PhpValue {
        PhpValue::String(text.into())
    }
}

impl From<i64> for PhpValue {
    fn from(number: i64) -> PhpValue {
        PhpValue::Int(number)
    }
}

impl From<&str> for PhpKey {
    /// As PHP does it: a text that is the decimal form of a number is that number.
    fn from(text: &str) -> PhpKey {
        let number = text.parse::<i64>().ok().filter(|number| number.to_string() == text);
        number.map_or_else(|| PhpKey::String(text.into()), PhpKey::Int)
    }
}

impl From<i64> for PhpKey {
    fn from(number: i64) -> PhpKey {
        PhpKey::Int(number)
    }
}

//! The kinds of values a configuration knows.

use std::time::Duration;

use bytesize::ByteSize;
use ipnet::IpNet;
use toml::de::DeValue;

use super::reader::{At, FromToml, Reader};

impl FromToml for String {
    const EXPECTED: &'static str = "a string";
    const LIST: &'static str = "a list of strings";

    fn from_toml(value: &DeValue<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let text = value.as_str().map(str::to_owned);
        if text.is_none() {
            reader.wrong_type::<Self>(value);
        }
        text
    }
}

impl FromToml for bool {
    const EXPECTED: &'static str = "true or false";

    fn from_toml(value: &DeValue<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let truth = value.as_bool();
        if truth.is_none() {
            reader.wrong_type::<Self>(value);
        }
        truth
    }
}

impl FromToml for i64 {
    const EXPECTED: &'static str = "a whole number";

    fn from_toml(value: &DeValue<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(integer) = value.as_integer() else {
            reader.wrong_type::<Self>(value);
            return None;
        };
        let number = Self::from_str_radix(integer.as_str(), integer.radix()).ok();
        if number.is_none() {
            reader.error(format!("{}: the number is too large", reader.key()), None);
        }
        number
    }
}

impl FromToml for usize {
    const EXPECTED: &'static str = "a whole number";

    fn from_toml(value: &DeValue<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let number = i64::from_toml(value, reader)?;
        let number = Self::try_from(number).ok();
        if number.is_none() {
            reader.error(format!("{}: must not be negative", reader.key()), None);
        }
        number
    }
}

impl FromToml for f64 {
    const EXPECTED: &'static str = "a number";

    fn from_toml(value: &DeValue<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let written = match value {
            DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str(),
            DeValue::Float(float) => float.as_str(),
            _ => {
                reader.wrong_type::<Self>(value);
                return None;
            }
        };
        let number = written.parse().ok().filter(|number: &Self| number.is_finite());
        if number.is_none() {
            reader.error(format!("{}: must be a finite number", reader.key()), None);
        }
        number
    }
}

const DURATION_HELP: &str = r#"write a number and a unit, as in "90s", "15m", "3h" or "30d""#;

impl FromToml for Duration {
    const EXPECTED: &'static str = "a duration in quotes";
    const LIST: &'static str = "a list of durations";
    const EXAMPLE: Option<&'static str> = Some("\"15m\"");

    fn from_toml(value: &DeValue<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(text) = value.as_str() else {
            reader.wrong_type::<Self>(value);
            return None;
        };
        let duration = humantime::parse_duration(text).ok();
        if duration.is_none() {
            let message = format!("{}: {text:?} is not a duration", reader.key());
            reader.error(message, Some(DURATION_HELP.to_owned()));
        }
        duration
    }
}

/// A number of bytes, written as `"16MiB"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct Size(pub(in crate::config) usize);

impl FromToml for Size {
    const EXPECTED: &'static str = "a size in quotes";
    const EXAMPLE: Option<&'static str> = Some("\"16MiB\"");

    fn from_toml(value: &DeValue<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(text) = value.as_str() else {
            reader.wrong_type::<Self>(value);
            return None;
        };
        let size = text.parse::<ByteSize>().ok().and_then(|size| usize::try_from(size.as_u64()).ok());
        if size.is_none() {
            let help = r#"write a number and a unit, as in "512KiB" or "16MiB""#;
            reader.error(format!("{}: {text:?} is not a size", reader.key()), Some(help.to_owned()));
        }
        size.map(Self)
    }
}

impl FromToml for IpNet {
    const EXPECTED: &'static str = "a network in quotes";
    const LIST: &'static str = "a list of networks";

    fn from_toml(value: &DeValue<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(text) = value.as_str() else {
            reader.wrong_type::<Self>(value);
            return None;
        };
        let network = text.parse().ok();
        if network.is_none() {
            let message = format!("{}: {text:?} is not a network", reader.key());
            let help = r#"write an address and a prefix length, as in "10.0.0.0/8" or "10.1.2.3/32""#;
            reader.error(message, Some(help.to_owned()));
        }
        network
    }
}

impl<T: FromToml> FromToml for Vec<At<T>> {
    const EXPECTED: &'static str = T::LIST;

    fn from_toml(value: &DeValue<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(array) = value.as_array() else {
            reader.wrong_type::<Self>(value);
            return None;
        };
        Some(array.iter().filter_map(|item| reader.value(item.span(), item)).collect())
    }
}

/// One string, or a list of them.
#[derive(Clone)]
pub(in crate::config) struct OneOrMany(pub(in crate::config) Vec<At<String>>);

impl FromToml for OneOrMany {
    const EXPECTED: &'static str = "a string or a list of strings";

    fn from_toml(value: &DeValue<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        match value {
            DeValue::Array(_) => Vec::from_toml(value, reader).map(Self),
            DeValue::String(text) => {
                let place = reader.place();
                let key_place = place.clone();
                let value = text.clone().into_owned();
                Some(Self(vec![At { value, place, key_place, key: reader.key().to_owned() }]))
            }
            _ => {
                reader.wrong_type::<Self>(value);
                None
            }
        }
    }
}

/// A table whose keys are the operator's own, in the order of the file.
#[derive(Clone)]
pub(in crate::config) struct Pairs<T>(pub(in crate::config) Vec<(String, At<T>)>);

impl<T: FromToml> FromToml for Pairs<T> {
    const EXPECTED: &'static str = "a table";

    fn from_toml(value: &DeValue<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(table) = value.as_table() else {
            reader.wrong_type::<Self>(value);
            return None;
        };
        let mut pairs: Vec<(String, At<T>)> = table
            .iter()
            .filter_map(|(key, value)| {
                let name = key.get_ref().as_ref();
                reader.entry(name, key.span(), value).map(|value| (name.to_owned(), value))
            })
            .collect();
        pairs.sort_by_key(|(_, value)| value.key_place.span().start);
        Some(Self(pairs))
    }
}

/// `within` as written: a number of tokens, or a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) enum NumberOrWord {
    Number(i64),
    Word(String),
}

impl FromToml for NumberOrWord {
    const EXPECTED: &'static str = "a whole number or a word in quotes";

    fn from_toml(value: &DeValue<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        match value {
            DeValue::Integer(_) => i64::from_toml(value, reader).map(Self::Number),
            DeValue::String(word) => Some(Self::Word(word.clone().into_owned())),
            _ => {
                reader.wrong_type::<Self>(value);
                None
            }
        }
    }
}

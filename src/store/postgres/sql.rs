//! Statements and what goes into them. Each value tells its own type, so a statement means the same whether it is
//! prepared once per connection or sent as it is (`statement_cache=off`).

use std::borrow::Cow;

use bytes::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked};

use crate::model::Timestamp;

/// A value for a statement.
pub trait Param: Sync {
    /// The value.
    fn value(&self) -> &(dyn ToSql + Sync);
    /// Its type, as the server is told.
    fn sql_type(&self) -> Type;
}

/// A Rust type that stands for one of the server's.
trait Known {
    const TYPE: Type;
    const ARRAY: Type;
}

macro_rules! known {
    ($($rust:ty => $one:ident, $many:ident;)+) => {
        $(impl Known for $rust {
            const TYPE: Type = Type::$one;
            const ARRAY: Type = Type::$many;
        })+
    };
}

known! {
    bool => BOOL, BOOL_ARRAY;
    i32 => INT4, INT4_ARRAY;
    i64 => INT8, INT8_ARRAY;
    f64 => FLOAT8, FLOAT8_ARRAY;
    str => TEXT, TEXT_ARRAY;
    String => TEXT, TEXT_ARRAY;
    Cow<'_, str> => TEXT, TEXT_ARRAY;
    [u8] => BYTEA, BYTEA_ARRAY;
    Vec<u8> => BYTEA, BYTEA_ARRAY;
    Timestamp => TIMESTAMPTZ, TIMESTAMPTZ_ARRAY;
}

impl<T: Known + ?Sized> Known for &T {
    const TYPE: Type = T::TYPE;
    const ARRAY: Type = T::ARRAY;
}

impl<T: Known> Known for Option<T> {
    const TYPE: Type = T::TYPE;
    const ARRAY: Type = T::ARRAY;
}

/// A list; never of bytes, which have a type of their own.
#[derive(Debug)]
pub struct List<T>(pub Vec<T>);

impl<T: Known + ToSql + Sync> Param for List<T> {
    fn value(&self) -> &(dyn ToSql + Sync) {
        &self.0
    }

    fn sql_type(&self) -> Type {
        T::ARRAY
    }
}

impl<T: Known + ToSql + Sync> Param for T {
    fn value(&self) -> &(dyn ToSql + Sync) {
        self
    }

    fn sql_type(&self) -> Type {
        T::TYPE
    }
}

/// Sixteen bytes, as the server's `uuid` has them: no length, no alignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bytes16(pub [u8; 16]);

impl Known for Bytes16 {
    const TYPE: Type = Type::UUID;
    const ARRAY: Type = Type::UUID_ARRAY;
}

type Failure = Box<dyn std::error::Error + Sync + Send>;

impl ToSql for Bytes16 {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        out.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }

    accepts!(UUID);
    to_sql_checked!();
}

impl<'a> FromSql<'a> for Bytes16 {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Failure> {
        Ok(Self(raw.try_into()?))
    }

    accepts!(UUID);
}

/// The server's texts hold every character but NUL, which no text of a feed or receiver needs.
pub fn text(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// The same for a text that may be missing.
pub fn maybe_text(maybe: Option<&String>) -> Option<Cow<'_, str>> {
    maybe.map(|maybe| text(maybe))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_tells_its_type() {
        let list = List(vec![Some("a"), None]);
        let params: [&dyn Param; 5] = [&1_i64, &"text", &None::<Timestamp>, &b"bytes".as_slice(), &list];
        let types: Vec<Type> = params.iter().map(|param| param.sql_type()).collect();
        assert_eq!(types, [Type::INT8, Type::TEXT, Type::TIMESTAMPTZ, Type::BYTEA, Type::TEXT_ARRAY]);
    }

    #[test]
    fn a_text_is_kept_but_for_nul() {
        assert!(matches!(text("as it is \u{1}"), Cow::Borrowed(_)));
        assert_eq!(text("a\0b"), "a\u{fffd}b");
    }
}

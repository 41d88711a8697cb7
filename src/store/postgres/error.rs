//! What the server's errors mean for the store.

use std::error::Error as _;

use deadpool_postgres::{PoolError, TimeoutType};
use tokio_postgres::error::SqlState;

use super::address::Address;
use crate::store::StoreError;

/// What stops a piece of work.
#[derive(Debug)]
pub enum Fault {
    /// The store's own answer: nothing is written.
    Refused(StoreError),
    /// The server, or the way to it, failed.
    Sql(tokio_postgres::Error),
    /// No connection was free in time.
    Busy,
    /// Something in the database is not what feedwatch wrote.
    Unreadable(String),
}

pub type Result<T> = std::result::Result<T, Fault>;

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}

impl From<PoolError> for Fault {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => Self::Sql(error),
            PoolError::Timeout(TimeoutType::Wait) => Self::Busy,
            PoolError::Closed => Self::Refused(StoreError::Unusable("the store is closed".to_owned())),
            other => Self::Refused(StoreError::Unavailable(other.to_string())),
        }
    }
}

/// What a fault calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Two transactions were in each other's way: the whole again, at once.
    Again,
    /// The server is away, or will not have us now: connect anew after a while.
    Reconnect,
    /// The server cannot do it now: nothing was written; the same call may succeed later.
    Wait,
    /// A person must act: password, rights, a name that is not there.
    Person,
    /// The database is damaged.
    Stop,
    /// Only this call is wrong.
    FailCall,
}

impl Fault {
    /// What to do about it.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Refused(_) | Self::Unreadable(_) => Remedy::FailCall,
            Self::Busy => Remedy::Wait,
            Self::Sql(error) => match error.code() {
                Some(code) => of_code(code),
                // No answer of the server: the connection failed, was never made, or broke off.
                None if error.is_closed() || error.source().is_some() => Remedy::Reconnect,
                None => Remedy::FailCall,
            },
        }
    }

    /// The error for a caller of the store.
    pub fn into_store_error(self, address: &Address) -> StoreError {
        let remedy = self.remedy();
        let text = match self {
            Self::Refused(error) => return error,
            Self::Busy => {
                format!("every connection to {address} was in use for too long (store.connections)")
            }
            Self::Unreadable(what) => format!("{address} holds what feedwatch did not write: {what}"),
            Self::Sql(error) => describe(&error, remedy, address),
        };
        match remedy {
            Remedy::Stop => StoreError::Unusable(text),
            _ => StoreError::Unavailable(text),
        }
    }
}

fn of_code(code: &SqlState) -> Remedy {
    match code.code() {
        "40001" | "40P01" => Remedy::Again,
        "55P03" | "57014" => Remedy::Wait,
        // A server that only reads is the wrong one of a group, or soon the right one.
        "25006" => Remedy::Reconnect,
        "XX001" | "XX002" => Remedy::Stop,
        "42501" => Remedy::Person,
        other => match other.get(..2).unwrap_or_default() {
            "08" | "57" => Remedy::Reconnect,
            "53" | "58" => Remedy::Wait,
            "28" | "3D" | "3F" => Remedy::Person,
            _ => Remedy::FailCall,
        },
    }
}

/// Names host and database, never the URL or a value.
fn describe(error: &tokio_postgres::Error, remedy: Remedy, address: &Address) -> String {
    let why = match error.as_db_error() {
        Some(answer) => format!("{} ({})", answer.message(), answer.code().code()),
        None => match error.source() {
            Some(cause) => cause.to_string(),
            None => error.to_string(),
        },
    };
    match remedy {
        Remedy::Reconnect => format!("{address} cannot be reached: {why}"),
        Remedy::Person => format!("{address} does not let feedwatch in: {why}"),
        Remedy::Stop => format!("{address} is damaged: {why}"),
        Remedy::Again => format!("{address} is too busy: {why}"),
        Remedy::Wait => format!("{address} cannot do it now: {why}"),
        Remedy::FailCall => format!("unexpected answer of {address}: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, expected: Remedy) {
        assert_eq!(of_code(&SqlState::from_code(code)), expected, "{code}");
    }

    #[test]
    fn every_kind_of_trouble_has_its_remedy() {
        check("40001", Remedy::Again);
        check("40P01", Remedy::Again);
        check("57P01", Remedy::Reconnect);
        check("57P03", Remedy::Reconnect);
        check("08006", Remedy::Reconnect);
        check("25006", Remedy::Reconnect);
        check("57014", Remedy::Wait);
        check("55P03", Remedy::Wait);
        check("53100", Remedy::Wait);
        check("53300", Remedy::Wait);
        check("28P01", Remedy::Person);
        check("3D000", Remedy::Person);
        check("42501", Remedy::Person);
        check("XX001", Remedy::Stop);
        check("23505", Remedy::FailCall);
    }
}

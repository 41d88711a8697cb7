//! Rows as the records of the store, and back.

use rusqlite::{Result, Row, RowIndex, types::Type};
use serde::{Serialize, de::DeserializeOwned};

use super::time::timestamp;
use crate::{
    model::{ContentHash, FeedId, Outcome, PollMemory, Reason, Timestamp, Validators},
    store::{ClosedGate, FeedState},
};

/// The columns that [`feed_state`] reads, in its order.
macro_rules! feed_columns {
    () => {
        "id, url, title, enabled, etag, last_modified, validated_url, body_hash, next_poll, reason, \
         retry_after, last_attempt, last_success, last_status, last_outcome, error, consecutive_failures, \
         failing_since, polls, not_modified, bytes, gaps, memory, rhythm, share, \
         (SELECT not_before FROM host WHERE host.host = feed.host) AS gate, \
         (SELECT why FROM host WHERE host.host = feed.host) AS why"
    };
}
pub(super) use feed_columns;

/// A feed's state, from the first columns of a row. By position: names would be looked up for every row, and a page
/// shows thousands.
pub fn feed_state(row: &Row<'_>) -> Result<FeedState> {
    let mut next = 0..;
    let mut next = || next.next().unwrap_or(usize::MAX);
    Ok(FeedState {
        id: FeedId::new(row.get::<_, String>(next())?),
        url: row.get(next())?,
        title: row.get(next())?,
        enabled: row.get(next())?,
        validators: Validators { etag: row.get(next())?, last_modified: row.get(next())? },
        validated_url: row.get(next())?,
        body_hash: row.get::<_, Option<[u8; 16]>>(next())?.map(ContentHash),
        next_poll: moment(row, next())?,
        reason: word(row, next(), Reason::parse)?.unwrap_or(Reason::First),
        retry_after: moment(row, next())?,
        last_attempt: moment(row, next())?,
        last_success: moment(row, next())?,
        last_status: row.get(next())?,
        last_outcome: word(row, next(), Outcome::parse)?,
        error: row.get(next())?,
        consecutive_failures: row.get(next())?,
        failing_since: moment(row, next())?,
        polls: count(row, next())?,
        not_modified: count(row, next())?,
        bytes: count(row, next())?,
        gaps: count(row, next())?,
        memory: memory(row.get_ref(next())?.as_str_or_null()?)?,
        rhythm: row.get(next())?,
        share: row.get(next())?,
        gate: gate(row.get(next())?, row.get(next())?),
    })
}

fn memory(text: Option<&str>) -> Result<PollMemory> {
    text.map_or_else(|| Ok(PollMemory::default()), parse_json)
}

fn gate(not_before: i64, why: Option<String>) -> Option<ClosedGate> {
    (not_before > 0).then(|| ClosedGate { until: timestamp(not_before), why })
}

/// A time that may be missing.
pub fn moment(row: &Row<'_>, column: impl RowIndex) -> Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(timestamp))
}

/// A count; SQLite has no unsigned numbers.
pub fn count(row: &Row<'_>, column: impl RowIndex) -> Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
}

/// A number of rows for SQL.
pub fn rows_i64(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// One of a closed set of words, or nothing. Another word is an error: the file was changed by hand.
pub fn word<T>(
    row: &Row<'_>,
    column: impl RowIndex,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>> {
    let Some(word) = row.get_ref(column)?.as_str_or_null()? else { return Ok(None) };
    parse(word).map(Some).ok_or_else(|| unreadable(format!("unknown word {word:?}").into()))
}

/// A value as JSON.
pub fn to_json<T: Serialize + ?Sized>(list: &T) -> Result<String> {
    serde_json::to_string(list).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// A list as a JSON array, `None` if it is empty.
pub fn to_json_unless_empty<T: Serialize>(list: &[T]) -> Result<Option<String>> {
    if list.is_empty() { Ok(None) } else { to_json(list).map(Some) }
}

/// Reads JSON back.
pub fn parse_json<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| unreadable(error.into()))
}

/// Reads a list back; `None` is an empty one.
pub fn list_from_json<T: DeserializeOwned>(text: Option<&str>) -> Result<Vec<T>> {
    text.map_or_else(|| Ok(Vec::new()), parse_json)
}

fn unreadable(why: Box<dyn std::error::Error + Send + Sync>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, why)
}

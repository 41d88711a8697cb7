//! Rows as the records of the store, and back.

use std::time::Duration;

use chrono::{Datelike, TimeDelta, TimeZone, Utc};
use serde::de::DeserializeOwned;
use tokio_postgres::{Row, row::RowIndex, types::FromSql};

use super::error::{Fault, Result};
use crate::{
    model::{ContentHash, FeedId, Outcome, PollMemory, Reason, Timestamp, Validators},
    store::{ClosedGate, FeedState},
};

/// The longest span that is told apart from "for ever": a thousand years, so that sums stay within the calendar.
const LONGEST: Duration = Duration::from_hours(365_250 * 24);

/// The columns that [`feed_state`] reads, in its order, of a feed and its host.
macro_rules! feed_columns {
    () => {
        "feed.id, feed.url, feed.title, feed.enabled, feed.etag, feed.last_modified, feed.validated_url, \
         feed.body_hash, feed.next_poll, feed.reason, feed.retry_after, feed.last_attempt, feed.last_success, \
         feed.last_status, feed.last_outcome, feed.error, feed.consecutive_failures, feed.failing_since, feed.polls, \
         feed.not_modified, feed.bytes, feed.gaps, feed.memory, feed.rhythm, feed.share, host.not_before, host.why"
    };
}
pub(super) use feed_columns;

/// How many these are.
pub const FEED_COLUMNS: usize = 27;

/// A feed's state, from the first columns of a row. By position: names would be looked up for every row.
pub fn feed_state(row: &Row) -> Result<FeedState> {
    let mut next = 0..;
    let mut next = || next.next().unwrap_or(usize::MAX);
    Ok(FeedState {
        id: FeedId::new(get::<String>(row, next())?),
        url: get(row, next())?,
        title: get(row, next())?,
        enabled: get(row, next())?,
        validators: Validators { etag: get(row, next())?, last_modified: get(row, next())? },
        validated_url: get(row, next())?,
        body_hash: hash(get(row, next())?)?,
        next_poll: get(row, next())?,
        reason: word(get(row, next())?, Reason::parse)?.unwrap_or(Reason::First),
        retry_after: get(row, next())?,
        last_attempt: get(row, next())?,
        last_success: get(row, next())?,
        last_status: get::<Option<i32>>(row, next())?.and_then(|status| u16::try_from(status).ok()),
        last_outcome: word(get(row, next())?, Outcome::parse)?,
        error: get(row, next())?,
        consecutive_failures: small(get(row, next())?),
        failing_since: get(row, next())?,
        polls: count(row, next())?,
        not_modified: count(row, next())?,
        bytes: count(row, next())?,
        gaps: count(row, next())?,
        memory: memory(get(row, next())?)?,
        rhythm: get(row, next())?,
        share: get(row, next())?,
        gate: gate(get(row, next())?, get(row, next())?),
    })
}

/// A column.
pub fn get<'a, T: FromSql<'a>>(row: &'a Row, column: impl RowIndex + std::fmt::Display) -> Result<T> {
    Ok(row.try_get(column)?)
}

/// A count; the server has no unsigned numbers.
pub fn count(row: &Row, column: impl RowIndex + std::fmt::Display) -> Result<u64> {
    Ok(u64::try_from(get::<i64>(row, column)?).unwrap_or(0))
}

/// A count that is small.
pub fn small(count: i64) -> u32 {
    u32::try_from(count.max(0)).unwrap_or(u32::MAX)
}

/// A number of rows for SQL.
pub fn rows_i64(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// One of a closed set of words, or nothing. Another word is an error: the row was changed by hand.
pub fn word<T>(word: Option<&str>, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>> {
    let Some(word) = word else { return Ok(None) };
    parse(word).map(Some).ok_or_else(|| Fault::Unreadable(format!("unknown word {word:?}")))
}

/// Reads JSON back.
pub fn parse_json<T: DeserializeOwned>(text: &str) -> Result<T> {
    Ok(serde_json::from_str(text)?)
}

/// Reads a list back; `None` is an empty one.
pub fn list_from_json<T: DeserializeOwned>(text: Option<&str>) -> Result<Vec<T>> {
    text.map_or_else(|| Ok(Vec::new()), parse_json)
}

/// A list as a JSON array, `None` if it is empty.
pub fn to_json_unless_empty<T: serde::Serialize>(list: &[T]) -> Result<Option<String>> {
    Ok(if list.is_empty() { None } else { Some(serde_json::to_string(list)?) })
}

/// A span for sums with times.
pub fn span(length: Duration) -> TimeDelta {
    TimeDelta::from_std(length.min(LONGEST)).unwrap_or(TimeDelta::MAX)
}

/// A span in seconds, for `make_interval`.
pub fn seconds(length: Duration) -> f64 {
    length.min(LONGEST).as_secs_f64()
}

/// How long from `now` until `then`; nothing if it is past.
pub fn until(now: Timestamp, then: Timestamp) -> Duration {
    (then - now).to_std().unwrap_or_default()
}

/// A time that somebody else wrote, brought into the server's calendar.
pub fn within_calendar(at: Timestamp) -> Timestamp {
    if at.year() < -4000 { Utc.timestamp_opt(-188_000_000_000, 0).single().unwrap_or(at) } else { at }
}

/// Sixteen bytes, which a value of another length is not.
fn hash(bytes: Option<&[u8]>) -> Result<Option<ContentHash>> {
    let of = |bytes: &[u8]| bytes.try_into().map(ContentHash);
    bytes.map(of).transpose().map_err(|_| Fault::Unreadable("a hash of another length".to_owned()))
}

fn memory(text: Option<&str>) -> Result<PollMemory> {
    text.map_or_else(|| Ok(PollMemory::default()), parse_json)
}

fn gate(not_before: Timestamp, why: Option<String>) -> Option<ClosedGate> {
    (not_before > Timestamp::UNIX_EPOCH).then_some(ClosedGate { until: not_before, why })
}

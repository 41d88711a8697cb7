//! From a SQLite file to a PostgreSQL database: every row of every table, or nothing. What a column is there, and what it
//! becomes here, is said in one list.

use std::path::Path;

use tokio::sync::mpsc;

use super::{
    StoreError,
    postgres::{Import, PostgresStore},
    sqlite::Export,
};
use crate::model::Timestamp;

/// Batches that wait to be taken.
const WAITING_BATCHES: usize = 4;

/// A value on its way.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A number, a time in milliseconds, a yes or no.
    Integer(i64),
    /// A number with a fraction.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// What a column becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A small number: of a feed, a host, a notifier, a status.
    Small,
    /// A number.
    Number,
    /// A number with a fraction.
    Real,
    /// Yes or no.
    Flag,
    /// A time.
    Time,
    /// A span.
    Span,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// Sixteen bytes.
    Key,
    /// Names, as JSON there.
    Names,
}

/// A table of the database that is filled; columns are called the same in both.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// What there becomes it: a table, or two that are one here.
    pub source: &'static str,
    /// What it holds.
    pub columns: &'static [(&'static str, Kind)],
    /// The column that the database counts up.
    pub counted: Option<&'static str>,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The table.
    pub table: &'static str,
    /// Rows that are over.
    pub done: u64,
    /// Rows that there are.
    pub all: u64,
}

/// What was taken over, table by table.
pub type Moved = Vec<(&'static str, u64)>;

/// The error of a target that is in use.
pub fn not_empty(what: &str) -> StoreError {
    StoreError::Unusable(format!(
        "{what} holds feeds, articles or alerts already; nothing was changed: name an empty database"
    ))
}

macro_rules! table {
    ($name:ident $(counted $counted:ident)?: $($column:ident $kind:ident),+ $(,)?) => {
        Table {
            name: stringify!($name),
            source: stringify!($name),
            columns: &[$((stringify!($column), Kind::$kind)),+],
            counted: table!(@counted $($counted)?),
        }
    };
    (@counted) => { None };
    (@counted $counted:ident) => { Some(stringify!($counted)) };
}

/// All tables with rows of their own, those that others refer to first. What only one store has is not among them: who
/// holds what (nobody does), how often it was opened, the sums of the flock (made from its row).
pub const TABLES: &[Table] = &[
    table! { host counted host:
    host Small, name Text, next_due Time, not_before Time, pause_until Time, owner Text, epoch Number,
    lease_until Time, gap Span, why Text, turned_away Small, turned_away_at Time },
    table! { feed counted feed:
    feed Small, id Text, host Small, url Text, request Text, configured Flag, enabled Flag, removed_at Time,
    guard Span, handed_out Number, title Text, etag Bytes, last_modified Bytes, validated_url Text,
    body_hash Bytes, document_at Time, next_poll Time, reason Text, retry_after Time, last_attempt Time,
    last_success Time, last_status Small, last_outcome Text, error Text, consecutive_failures Number,
    failing_since Time, polls Number, not_modified Number, swept_at Time, memory Text, bytes Number,
    gaps Number, adaptive Flag, rhythm Bytes, share Real, told Text },
    table! { article_day: feed Small, day Number, articles Number },
    Table {
        source: "article JOIN seen USING (article, feed)",
        ..table! { article counted article:
        article Number, feed Small, url Text, title Text, published Time, updated Time,
        key Key, hash Key, last_seen Time, link_key Key, topics Text }
    },
    table! { article_text: article Number, recorded Time, summary Text, content Text, author Text, tags Text },
    table! { alert counted alert:
    alert Number, id Text, feed Text, article Bytes, created Time, topics Names, data Text, deliveries Number,
    event Text },
    table! { notifier counted notifier:
    notifier Small, name Text, configured Flag, last_delivered Time, target Text, epoch Number, state Text,
    since Time, until Time, reason Text, failures Number, probes Number, granted Flag, told Flag,
    told_dead Time, calling_back Flag, reported Flag },
    table! { delivery counted delivery:
    delivery Number, alert Number, notifier Small, state Text, attempts Number, age_from Time,
    next_attempt Time, owner Text, epoch Number, lease_until Time, finished Time, failed_at Time, reason Text,
    refusals Number },
    table! { delivery_body: delivery Number, body Bytes, plain Bytes },
    table! { attempt: delivery Number, n Number, at Time, took_ms Number, status Small, answer Text },
];

/// Moves everything from a file to a database that is empty. The file is left as it is, and so is the database unless
/// every row of every table is in it.
///
/// # Errors
/// [`StoreError::Unusable`]: somebody works on the file, the database is not empty, or what arrived is not what there was.
pub async fn move_over(
    database: &Path,
    target: PostgresStore,
    now: Timestamp,
    mut progress: impl FnMut(Progress) + Send,
) -> Result<Moved, StoreError> {
    let path = database.to_owned();
    let (mut export, counts) = on_thread(database, move || {
        let export = Export::open(&path, now)?;
        let counts: rusqlite::Result<Vec<u64>> = TABLES.iter().map(|table| export.count(table)).collect();
        let counts = counts.map_err(|error| export.explain(&error))?;
        Ok((export, counts))
    })
    .await?;
    let import = Import::begin(target).await?;
    let mut moved = Vec::new();
    for (table, all) in TABLES.iter().zip(counts) {
        let (sender, mut rows) = mpsc::channel(WAITING_BATCHES);
        let reading = on_thread(database, move || match export.rows(table, &sender) {
            Ok(()) => Ok(export),
            Err(error) => Err(export.explain(&error)),
        });
        let mut tell = |done| progress(Progress { table: table.name, done, all });
        tell(0);
        let (read, taken) = tokio::join!(reading, import.table(table, &mut rows, &mut tell));
        let taken = taken?;
        export = read?;
        if taken != all {
            return Err(StoreError::Unusable(format!(
                "{} of {all} rows of {} arrived; nothing was kept",
                taken, table.name
            )));
        }
        moved.push((table.name, all));
    }
    let (export, shared) = on_thread(database, move || match export.shared() {
        Ok(shared) => Ok((export, shared)),
        Err(error) => Err(export.explain(&error)),
    })
    .await?;
    import.finish(&shared).await?;
    on_thread(database, move || export.close()).await?;
    Ok(moved)
}

/// Files are read on threads that may block.
async fn on_thread<T: Send + 'static>(
    database: &Path,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let broke_off = |_| StoreError::Unusable(format!("reading {} broke off", database.display()));
    tokio::task::spawn_blocking(work).await.map_err(broke_off)?
}

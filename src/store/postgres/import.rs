//! Taking over the rows of another store: all of them in one transaction, or none.

use std::pin::pin;

use bytes::BytesMut;
use tokio::sync::mpsc;
use tokio_postgres::{
    binary_copy::BinaryCopyInWriter,
    types::{IsNull, ToSql, Type, to_sql_checked},
};

use super::{
    PostgresStore,
    error::{Fault, Result},
    sql::{Bytes16, text},
    transaction::{Access, Tx},
};
use crate::store::{
    StoreError,
    sqlite::Shared,
    transfer::{Cell, Kind, Table, not_empty},
};

/// A database that is being filled.
pub struct Import {
    tx: Tx,
    store: PostgresStore,
}

impl Import {
    /// Begins, if the database is empty.
    pub async fn begin(store: PostgresStore) -> std::result::Result<Self, StoreError> {
        let begun = begin(&store).await;
        begun.map(|tx| Self { tx, store: store.clone() }).map_err(|fault| store.database.explain(fault))
    }

    /// Takes the rows of a table as they come; how many the database has then.
    pub async fn table(
        &self,
        table: &Table,
        rows: &mut mpsc::Receiver<Vec<Vec<Cell>>>,
        progress: &mut (impl FnMut(u64) + Send),
    ) -> std::result::Result<u64, StoreError> {
        copy(&self.tx, table, rows, progress).await.map_err(|fault| self.store.database.explain(fault))
    }

    /// Takes what the scheduler knows, and keeps everything.
    pub async fn finish(self, shared: &Shared) -> std::result::Result<(), StoreError> {
        let taken = take_shared(&self.tx, shared).await;
        let (done, _) = self.tx.end(taken).await;
        done.map_err(|fault| self.store.database.explain(fault))
    }
}

async fn begin(store: &PostgresStore) -> Result<Tx> {
    let tx = store.database.begin(Access::Write).await?;
    // Nobody waits for this, and it takes as long as it takes.
    tx.batch("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0").await?;
    // Who is starting up beside us waits here, or was first.
    tx.batch("LOCK TABLE feed, alert, article IN ACCESS EXCLUSIVE MODE").await?;
    let empty = "SELECT NOT EXISTS (SELECT 1 FROM feed) AND NOT EXISTS (SELECT 1 FROM alert) \
                 AND NOT EXISTS (SELECT 1 FROM article)";
    let is_empty = tx.first(empty, &[], |row| Ok(row.try_get::<_, bool>(0)?)).await?;
    if is_empty != Some(true) {
        return Err(not_empty(&store.database.address.to_string()).into());
    }
    // Of an instance that was started once, without feeds: nobody is owed anything.
    tx.batch("DELETE FROM notifier; DELETE FROM host").await?;
    Ok(tx)
}

async fn copy(
    tx: &Tx,
    table: &Table,
    rows: &mut mpsc::Receiver<Vec<Vec<Cell>>>,
    progress: &mut (impl FnMut(u64) + Send),
) -> Result<u64> {
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
    let types: Vec<Type> = table.columns.iter().map(|(_, kind)| sql_type(*kind)).collect();
    let sink = tx.copy_in(&format!("COPY {} ({}) FROM STDIN BINARY", table.name, names.join(", "))).await?;
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
    let mut taken = 0;
    while let Some(batch) = rows.recv().await {
        for row in &batch {
            let values: Vec<Value<'_>> =
                row.iter().zip(table.columns).map(|(cell, (_, kind))| Value { cell, kind: *kind }).collect();
            writer.as_mut().write_raw(values.iter().map(|value| value as &(dyn ToSql + Sync))).await?;
        }
        taken += batch.len() as u64;
        progress(taken);
    }
    writer.finish().await?;
    if let Some(counted) = table.counted {
        let (name, counted) = (table.name, counted);
        tx.batch(&format!(
            "SELECT setval(pg_get_serial_sequence('{name}', '{counted}'), \
             (SELECT coalesce(max({counted}), 0) + 1 FROM {name}), false)"
        ))
        .await?;
    }
    let count = format!("SELECT count(*) FROM {}", table.name);
    let count = tx.first(&count, &[], |row| super::rows::count(row, 0)).await?;
    Ok(count.unwrap_or(0))
}

async fn take_shared(tx: &Tx, shared: &Shared) -> Result<()> {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let flock = &shared.flock;
    tx.run(
        "UPDATE flock SET feeds = $1, shares = $2, polls = $3, articles = $4, flagged = $5 WHERE part = 0",
        &[
            &number(flock.feeds),
            &flock.shares,
            &number(flock.polls),
            &number(flock.articles),
            &number(flock.flagged),
        ],
    )
    .await?;
    tx.run("UPDATE controller SET kept = $1", &[&shared.controller]).await.map(drop)
}

fn sql_type(kind: Kind) -> Type {
    match kind {
        Kind::Small => Type::INT4,
        Kind::Number => Type::INT8,
        Kind::Real => Type::FLOAT8,
        Kind::Flag => Type::BOOL,
        Kind::Time => Type::TIMESTAMPTZ,
        Kind::Span => Type::INTERVAL,
        Kind::Text => Type::TEXT,
        Kind::Bytes => Type::BYTEA,
        Kind::Key => Type::UUID,
        Kind::Names => Type::TEXT_ARRAY,
    }
}

/// A value as the column wants it.
#[derive(Debug)]
struct Value<'a> {
    cell: &'a Cell,
    kind: Kind,
}

/// Milliseconds from 1970 to 2000, where the server's calendar begins.
const MILLENNIUM: i64 = 946_684_800_000;

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match (self.cell, self.kind) {
            (Cell::Null, _) => Ok(IsNull::Yes),
            (Cell::Integer(number), Kind::Small) => i32::try_from(*number)?.to_sql(ty, out),
            (Cell::Integer(number), Kind::Number) => number.to_sql(ty, out),
            (Cell::Integer(number), Kind::Flag) => (*number != 0).to_sql(ty, out),
            (Cell::Integer(millis), Kind::Time) => {
                let micros = millis.saturating_sub(MILLENNIUM).saturating_mul(1000);
                out.extend_from_slice(&micros.to_be_bytes());
                Ok(IsNull::No)
            }
            (Cell::Integer(millis), Kind::Span) => {
                // Microseconds, days, months.
                out.extend_from_slice(&millis.saturating_mul(1000).to_be_bytes());
                out.extend_from_slice(&[0; 8]);
                Ok(IsNull::No)
            }
            (Cell::Real(number), Kind::Real) => number.to_sql(ty, out),
            (Cell::Text(value), Kind::Text) => text(value).to_sql(ty, out),
            (Cell::Text(value), Kind::Names) => serde_json::from_str::<Vec<String>>(value)?.to_sql(ty, out),
            (Cell::Bytes(bytes), Kind::Bytes) => bytes.to_sql(ty, out),
            (Cell::Bytes(bytes), Kind::Key) => Bytes16(bytes.as_slice().try_into()?).to_sql(ty, out),
            (cell, kind) => Err(format!("{cell:?} is no {kind:?}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl From<std::num::TryFromIntError> for Fault {
    fn from(error: std::num::TryFromIntError) -> Self {
        Self::Unreadable(error.to_string())
    }
}

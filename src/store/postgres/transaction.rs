//! One transaction on one connection.

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicBool, AtomicI64, Ordering},
    time::Duration,
};

use bytes::Bytes;
use deadpool_postgres::{Client, Object};
use tokio_postgres::{
    CopyInSink, Row,
    types::{ToSql, Type},
};

use super::{
    connect::LIMITS,
    database::Database,
    error::{Fault, Remedy, Result},
    recover,
    sql::Param,
};
use crate::model::Timestamp;

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Changes something.
    Write,
    /// Looks, for a page.
    Read,
    /// Looks, for a poll.
    LookUp,
}

impl Access {
    const fn begin(self) -> &'static str {
        match self {
            Self::Write => "BEGIN",
            Self::Read | Self::LookUp => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }
}

/// What a piece of work is done with: the transaction, and the time at which it is made.
pub struct Tx {
    /// There until the end.
    client: Option<Client>,
    caches_statements: bool,
    /// The server's time.
    pub now: Timestamp,
    /// How long a host is held without renewal.
    pub lease: Duration,
    /// Whether anything was changed.
    has_changed: AtomicBool,
}

impl Tx {
    /// Begins, and asks for the time on the same way.
    pub async fn begin(
        client: Client,
        access: Access,
        caches_statements: bool,
        lease: Duration,
    ) -> Result<Self> {
        let mut begin = access.begin().to_owned();
        if !caches_statements {
            for (name, value) in LIMITS {
                // Writing to a string cannot fail.
                let _ = write!(begin, "; SET LOCAL {name} = '{value}'");
            }
        }
        let mut tx = Self {
            client: Some(client),
            caches_statements,
            now: Timestamp::UNIX_EPOCH,
            lease,
            has_changed: AtomicBool::new(false),
        };
        let (is_begun, time) =
            tokio::join!(tx.client().batch_execute(&begin), tx.first(NOW, &[], |row| Ok(row.try_get(0)?)));
        is_begun?;
        tx.now = time?.unwrap_or_default();
        Ok(tx)
    }

    /// Runs a statement; how many rows it changed.
    pub async fn run(&self, sql: &str, params: &[&dyn Param]) -> Result<u64> {
        let changed = if self.caches_statements {
            let statement = self.client().prepare_typed_cached(sql, &types(params)).await?;
            self.client().execute(&statement, &values(params)).await?
        } else {
            self.client().execute_typed(sql, &typed(params)).await?
        };
        self.has_changed.fetch_or(changed > 0, Ordering::Relaxed);
        Ok(changed)
    }

    /// All rows.
    pub async fn rows(&self, sql: &str, params: &[&dyn Param]) -> Result<Vec<Row>> {
        let rows = if self.caches_statements {
            let statement = self.client().prepare_typed_cached(sql, &types(params)).await?;
            self.client().query(&statement, &values(params)).await?
        } else {
            self.client().query_typed(sql, &typed(params)).await?
        };
        self.has_changed.fetch_or(!sql.starts_with("SELECT") && !rows.is_empty(), Ordering::Relaxed);
        Ok(rows)
    }

    /// The first row, if there is one.
    pub async fn first<T>(
        &self,
        sql: &str,
        params: &[&dyn Param],
        read: impl FnOnce(&Row) -> Result<T>,
    ) -> Result<Option<T>> {
        self.rows(sql, params).await?.first().map(read).transpose()
    }

    /// All rows, read.
    pub async fn all<T>(
        &self,
        sql: &str,
        params: &[&dyn Param],
        read: impl FnMut(&Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.rows(sql, params).await?.iter().map(read).collect()
    }

    /// Statements as they are, without values.
    pub async fn batch(&self, sql: &str) -> Result<()> {
        Ok(self.client().batch_execute(sql).await?)
    }

    /// The limit of a statement does not hold for this transaction: it is about every feed, of which there may be a million.
    pub async fn take_time(&self) -> Result<()> {
        self.batch("SET LOCAL statement_timeout = 0").await
    }

    /// Takes rows in the server's own form.
    pub async fn copy_in(&self, sql: &str) -> Result<CopyInSink<Bytes>> {
        Ok(self.client().copy_in(sql).await?)
    }

    /// Brings stored times back in order if the server's clock went back.
    pub async fn notice_jump(&mut self, latest: &AtomicI64) -> Result<()> {
        if Database::went_back(latest, self.now.timestamp_millis()) {
            recover::after_jump(self).await?;
        }
        Ok(())
    }

    /// Commits what went well, undoes what did not. Says whether there was anything to commit.
    pub async fn end<T>(self, outcome: Result<T>) -> (Result<T>, bool) {
        let has_changed = self.has_changed.load(Ordering::Relaxed);
        match outcome {
            Ok(value) => (self.commit().await.map(|()| value), has_changed),
            Err(fault) => {
                self.roll_back(&fault).await;
                (Err(fault), false)
            }
        }
    }

    /// Commits. After an error nobody knows whether it was: the same work again finds out.
    async fn commit(mut self) -> Result<()> {
        self.batch("COMMIT").await?;
        // Only now is the connection one that others may have.
        drop(self.client.take());
        Ok(())
    }

    /// Undoes everything. A connection that cannot even do that is dropped.
    async fn roll_back(mut self, why: &Fault) {
        if why.remedy() != Remedy::Reconnect && self.batch("ROLLBACK").await.is_ok() {
            drop(self.client.take());
        }
    }

    fn client(&self) -> &Client {
        self.client.as_ref().expect("the connection is there until the transaction ends")
    }
}

const NOW: &str = "SELECT feedwatch_now()";

/// A transaction that nobody ended (its caller went away) takes its connection with it: the server undoes it then.
impl Drop for Tx {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            drop(Object::take(client));
        }
    }
}

fn types(params: &[&dyn Param]) -> Vec<Type> {
    params.iter().map(|param| param.sql_type()).collect()
}

fn values<'a>(params: &'a [&dyn Param]) -> Vec<&'a (dyn ToSql + Sync)> {
    params.iter().map(|param| param.value()).collect()
}

fn typed<'a>(params: &'a [&dyn Param]) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
    params.iter().map(|param| (param.value(), param.sql_type())).collect()
}

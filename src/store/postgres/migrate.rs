//! Numbered migrations, one transaction each. Several instances may meet an empty database in the same instant: a row
//! that only one of them can hold says who migrates, and the others find it done.

use deadpool_postgres::Client;
use tokio_postgres::error::SqlState;
use tracing::info;

use super::{
    address::Address,
    error::{Fault, Result},
};
use crate::store::StoreError;

/// The migrations, the first one makes version 1. A released one never changes, and only adds: instances of the version
/// before go on beside it.
const MIGRATIONS: &[&str] = &[include_str!("migrations/0001.sql")];

/// `CREATE TABLE IF NOT EXISTS` fails when two do it at once; then the table is there.
const VERSION_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_version (one integer PRIMARY KEY CHECK (one = 1), \
    version integer NOT NULL); \
    INSERT INTO schema_version (one, version) VALUES (1, 0) ON CONFLICT DO NOTHING";

/// How the server says that another instance has just made it: the row, the table, its type.
const MADE_BY_ANOTHER: [SqlState; 3] =
    [SqlState::UNIQUE_VIOLATION, SqlState::DUPLICATE_TABLE, SqlState::DUPLICATE_OBJECT];

/// Applies what is missing, or waits until another instance did.
pub async fn migrate(client: &Client, address: &Address) -> Result<()> {
    migrate_to(client, address, MIGRATIONS).await
}

/// Refuses a schema of another version, for those who must not migrate: readers, and writers beside a daemon.
pub async fn must_be_current(client: &Client, address: &Address) -> Result<()> {
    let version = match client.query_opt("SELECT version FROM schema_version WHERE one = 1", &[]).await {
        Ok(row) => row.map_or(Ok(0), |row| row.try_get(0))?,
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => 0,
        Err(error) => return Err(error.into()),
    };
    let known = MIGRATIONS.len();
    match usize::try_from(version).unwrap_or(0) {
        0 => unusable(format!(
            "{address} has no feedwatch tables yet; feedwatch run or feedwatch once makes them"
        )),
        older if older < known => unusable(format!(
            "{address} was made by an older feedwatch (schema {older}, this one knows {known}); feedwatch run brings it up to date"
        )),
        newer if newer > known => Err(newer_schema(address, newer, known)),
        _ => Ok(()),
    }
}

async fn migrate_to(client: &Client, address: &Address, migrations: &[&str]) -> Result<()> {
    make_version_table(client).await?;
    loop {
        client.batch_execute("BEGIN").await?;
        let step = next_step(client, address, migrations).await;
        let end = if step.is_ok() { "COMMIT" } else { "ROLLBACK" };
        client.batch_execute(end).await?;
        match step? {
            Some(version) => {
                info!(store.database = %address, store.schema = version, "brought the database up to date");
            }
            None => return Ok(()),
        }
    }
}

/// Applies the next migration, if there is one; the version that it made.
async fn next_step(client: &Client, address: &Address, migrations: &[&str]) -> Result<Option<usize>> {
    // Whoever comes later waits here until this transaction is over.
    let row = client.query_one("SELECT version FROM schema_version WHERE one = 1 FOR UPDATE", &[]).await?;
    let version = usize::try_from(row.try_get::<_, i32>(0)?).unwrap_or(0);
    if version > migrations.len() {
        return Err(newer_schema(address, version, migrations.len()));
    }
    let Some(sql) = migrations.get(version) else { return Ok(None) };
    client.batch_execute(sql).await.map_err(|error| foreign_table(address, error))?;
    client.batch_execute("UPDATE schema_version SET version = version + 1 WHERE one = 1").await?;
    Ok(Some(version + 1))
}

async fn make_version_table(client: &Client) -> Result<()> {
    loop {
        match client.batch_execute(VERSION_TABLE).await {
            Ok(()) => return Ok(()),
            Err(error) if error.code().is_some_and(|code| MADE_BY_ANOTHER.contains(code)) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn foreign_table(address: &Address, error: tokio_postgres::Error) -> Fault {
    if error.code() != Some(&SqlState::DUPLICATE_TABLE) {
        return error.into();
    }
    StoreError::Unusable(format!(
        "{address} holds tables of another program; it was left untouched: give feedwatch a database of its own"
    ))
    .into()
}

fn newer_schema(address: &Address, version: usize, known: usize) -> Fault {
    StoreError::Unusable(format!(
        "{address} was made by a newer feedwatch (schema {version}, this one knows {known}); it was left untouched: \
         update feedwatch, or name another database in [store] url"
    ))
    .into()
}

fn unusable<T>(text: String) -> Result<T> {
    Err(StoreError::Unusable(text).into())
}

//! The stores that are measured: each in a database of its own, on a disk that is really written to.

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use feedwatch::{
    clock::SystemClock,
    store::{
        Location, Settings, Store,
        postgres::{Address, PostgresStore},
        sqlite::SqliteStore,
    },
};
use tempfile::TempDir;

use super::{cluster::Cluster, data::MINUTE};

/// A kind of store.
pub trait Engine: Sized {
    type Store: Store;
    /// Its name in the figures.
    const NAME: &'static str;
    /// An empty database; `None`: not on this machine.
    async fn make() -> Option<Self>;
    async fn open(&self) -> Self::Store;
    /// The bytes of the database, once the store is closed.
    async fn bytes(&self) -> u64;
}

pub struct Sqlite(TempDir);

impl Sqlite {
    fn path(&self) -> PathBuf {
        self.0.path().join("bench.db")
    }
}

impl Engine for Sqlite {
    type Store = SqliteStore<SystemClock>;
    const NAME: &'static str = "sqlite";

    async fn make() -> Option<Self> {
        Some(Self(tempfile::tempdir().expect("a temporary directory")))
    }

    async fn open(&self) -> Self::Store {
        let settings = settings(Location::Sqlite(self.path()));
        SqliteStore::open(&self.path(), &settings, SystemClock).expect("the store opens")
    }

    async fn bytes(&self) -> u64 {
        // The same as for PostgreSQL: without what pruning left to be filled again.
        rusqlite::Connection::open(self.path()).and_then(|db| db.execute_batch("VACUUM")).expect("vacuumed");
        size(&self.path())
    }
}

pub struct Postgres {
    address: Address,
    url: String,
}

impl Engine for Postgres {
    type Store = PostgresStore;
    const NAME: &'static str = "postgres";

    async fn make() -> Option<Self> {
        // Only one that forces to disk what is committed says something.
        static DURABLE: OnceLock<Option<Cluster>> = OnceLock::new();
        let cluster = DURABLE.get_or_init(|| Cluster::launch("on")).as_ref()?;
        cluster.ready().await;
        let url = cluster.database().await;
        Some(Self { address: Address::parse(&url).expect("a URL"), url })
    }

    async fn open(&self) -> Self::Store {
        let settings = settings(Location::Postgres(self.address.clone()));
        PostgresStore::open(&self.address, &settings, false).await.expect("the store opens")
    }

    async fn bytes(&self) -> u64 {
        let client = super::cluster::connect(&self.url).await.expect("the database is there");
        // What the rows take, without the room that pruned ones leave to be filled again.
        client.batch_execute("VACUUM FULL").await.expect("vacuumed");
        let row =
            client.query_one("SELECT pg_database_size(current_database())", &[]).await.expect("its size");
        u64::try_from(row.get::<_, i64>(0)).expect("a size")
    }
}

pub fn settings(location: Location) -> Settings {
    let days = |days: u32| MINUTE * (days * 24 * 60);
    Settings {
        location,
        retention: days(30),
        seen_retention: days(180),
        lease: 60 * MINUTE,
        connections: 8,
        keep_delivered: days(7),
        keep_dead: days(30),
    }
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |file| file.len())
}

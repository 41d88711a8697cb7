//! The way to the server: two pools of connections, transactions done again when they must be, and one line in the log
//! when the server goes and when it is back.

use std::{
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use deadpool_postgres::{Client, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tracing::{error, info};

use super::{
    address::Address,
    connect::Connector,
    error::{Fault, Remedy, Result},
    hints::Hints,
    migrate,
    transaction::{Access, Tx},
};
use crate::{metrics::Metrics, store::StoreError};

/// Connections for looking.
const READERS: usize = 2;
/// How long a connection is waited for, and how long making one may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often a transaction is done again that was in another one's way.
const TRIES: u32 = 10;
/// The first wait before such a transaction is done again, before jitter; doubled each time.
const FIRST_WAIT: Duration = Duration::from_millis(10);
/// Waits before a server that is away is tried again, before jitter.
const RECONNECT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(30));

/// The database, shared by all clones of the store.
pub struct Database {
    pub address: Address,
    writers: Pool,
    readers: Pool,
    lease: Duration,
    pub connector: Connector,
    pub hints: Hints,
    pub metrics: OnceLock<Metrics>,
    trouble: Mutex<Option<String>>,
    away: Mutex<Away>,
    /// The latest time seen, in milliseconds: an earlier one means that the server's clock went back.
    latest: AtomicI64,
}

/// Since when and how often the server was not there.
#[derive(Default)]
struct Away {
    tries: u32,
    again_at: Option<Instant>,
}

/// How often a transaction was done again.
pub struct Tries {
    pub access: Access,
    done: u32,
    begun: Instant,
}

impl Tries {
    /// Not yet.
    pub fn new(access: Access) -> Self {
        Self { access, done: 0, begun: Instant::now() }
    }
}

impl Database {
    /// Connects when it is first needed.
    pub fn new(
        address: Address,
        connections: usize,
        lease: Duration,
    ) -> std::result::Result<Self, StoreError> {
        let connector = Connector::new(&address)?;
        let pool = |size| {
            let config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
            let manager = Manager::from_connect((*address.config).clone(), connector.clone(), config);
            Pool::builder(manager)
                .max_size(size)
                .wait_timeout(Some(PATIENCE))
                .create_timeout(Some(PATIENCE))
                .recycle_timeout(Some(PATIENCE))
                .runtime(Runtime::Tokio1)
                .build()
                .map_err(|error| StoreError::Unusable(error.to_string()))
        };
        Ok(Self {
            writers: pool(connections)?,
            readers: pool(READERS)?,
            address,
            lease,
            connector,
            hints: Hints::default(),
            metrics: OnceLock::new(),
            trouble: Mutex::default(),
            away: Mutex::default(),
            latest: AtomicI64::new(i64::MIN),
        })
    }

    /// A transaction.
    pub async fn begin(&self, access: Access) -> Result<Tx> {
        let client = self.client(access).await?;
        let mut tx = Tx::begin(client, access, self.address.caches_statements, self.lease).await?;
        if access == Access::Write {
            tx.notice_jump(&self.latest).await?;
        }
        Ok(tx)
    }

    /// Counts a transaction that changed something or failed; whether another one was in its way, after the wait that
    /// this calls for.
    pub async fn is_to_be_done_again<T>(
        &self,
        outcome: &Result<T>,
        has_changed: bool,
        tries: &mut Tries,
    ) -> bool {
        let remedy = outcome.as_ref().err().map(Fault::remedy);
        let has_failed = remedy.is_some_and(|remedy| remedy != Remedy::FailCall);
        if (has_changed || has_failed) && tries.access == Access::Write {
            self.metrics.get().inspect(|metrics| metrics.committed(!has_failed, tries.begun.elapsed()));
        }
        let again = remedy == Some(Remedy::Again) && tries.done < TRIES;
        if again {
            let most = FIRST_WAIT * 2_u32.pow(tries.done);
            tokio::time::sleep(most.mul_f64(fastrand::f64())).await;
            *tries = Tries { done: tries.done + 1, ..Tries::new(tries.access) };
        }
        again
    }

    /// Checks or makes the tables, before there is a time to ask for.
    pub async fn prepare_now(&self, may_migrate: bool) -> Result<()> {
        let client = self.client(Access::Write).await?;
        if may_migrate {
            migrate::migrate(&client, &self.address).await
        } else {
            migrate::must_be_current(&client, &self.address).await
        }
    }

    /// Why nothing can be stored at the moment.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Refuses everything from now on.
    pub fn close(&self) {
        self.hints.stop();
        self.writers.close();
        self.readers.close();
    }

    /// A connection. A server that was away is not asked again before its time.
    pub async fn client(&self, access: Access) -> Result<Client> {
        if let Some(trouble) = self.is_away() {
            return Err(StoreError::Unavailable(trouble).into());
        }
        let pool = if access == Access::Read { &self.readers } else { &self.writers };
        // Those that broke are dropped without a word: the log has one line for all of them.
        pool.retain(|connection, _| !connection.is_closed());
        let client = pool.get().await.map_err(Fault::from);
        match &client {
            Ok(_) => *self.away() = Away::default(),
            Err(fault) if fault.remedy() == Remedy::Reconnect => self.note_away(),
            Err(_) => {}
        }
        client
    }

    fn is_away(&self) -> Option<String> {
        let waits = self.away().again_at.is_some_and(|again_at| Instant::now() < again_at);
        waits.then(|| self.trouble().unwrap_or_else(|| format!("{} cannot be reached", self.address)))
    }

    /// Full jitter: of many instances, no two come back together.
    fn note_away(&self) {
        let mut away = self.away();
        if away.again_at.is_some_and(|again_at| Instant::now() < again_at) {
            return;
        }
        let (first, longest) = RECONNECT;
        let most = first.saturating_mul(2_u32.saturating_pow(away.tries)).min(longest);
        away.tries += 1;
        away.again_at = Some(Instant::now() + most.mul_f64(fastrand::f64()));
    }

    fn away(&self) -> std::sync::MutexGuard<'_, Away> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The error for a caller who asked for something else than the work of every day.
    pub fn explain(&self, fault: Fault) -> StoreError {
        fault.into_store_error(&self.address)
    }

    /// Turns a fault into the caller's error; one line when trouble starts, one when it is over.
    pub fn settle<T>(&self, outcome: Result<T>) -> std::result::Result<T, StoreError> {
        match outcome {
            Ok(value) => {
                self.report(None);
                Ok(value)
            }
            Err(fault) => {
                let is_trouble = matches!(
                    fault.remedy(),
                    Remedy::Reconnect | Remedy::Wait | Remedy::Person | Remedy::Stop
                );
                let failed = fault.remedy() == Remedy::FailCall && !matches!(fault, Fault::Refused(_));
                let error = fault.into_store_error(&self.address);
                if is_trouble {
                    self.report(Some(reason(&error)));
                } else if failed {
                    error!(%error, "a store call failed");
                }
                Err(error)
            }
        }
    }

    fn report(&self, trouble: Option<String>) {
        let mut held = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match (held.as_ref(), &trouble) {
            (None, Some(trouble)) => {
                error!(%trouble, "nothing can be stored: no polls, no sends until it is over");
            }
            (Some(_), None) => info!("the store works again"),
            _ => {}
        }
        *held = trouble;
    }

    /// Remembers the server's time; whether it went back by more than a minute.
    pub fn went_back(latest: &AtomicI64, now: i64) -> bool {
        let before = latest.swap(now, Ordering::Relaxed);
        now.saturating_add(60_000) < before
    }
}

/// The text of an error without the words in front, so that they are not repeated.
fn reason(error: &StoreError) -> String {
    match error {
        StoreError::Unavailable(text)
        | StoreError::Unusable(text)
        | StoreError::LeaseLost(text)
        | StoreError::NotHandedOut(text) => text.clone(),
    }
}

//! Making a connection: TLS, and the settings that every connection of feedwatch has.

use std::{future::Future, pin::Pin, time::Duration};

use deadpool_postgres::Connect;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, Error};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_util::task::TaskTracker;

use super::{address::Address, tls};
use crate::store::StoreError;

/// How long a server may take to answer at all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a silent connection is believed in.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// What a transaction may take, what it waits for a lock, and how long it may do nothing.
pub const LIMITS: [(&str, &str); 3] =
    [("statement_timeout", "10s"), ("lock_timeout", "5s"), ("idle_in_transaction_session_timeout", "10s")];

/// Makes connections.
#[derive(Clone)]
pub struct Connector {
    tls: MakeRustlsConnect,
    caches_statements: bool,
}

impl Connector {
    /// A connector with the TLS rules of this address.
    pub fn new(address: &Address) -> Result<Self, StoreError> {
        Ok(Self { tls: tls::connector(&address.tls)?, caches_statements: address.caches_statements })
    }

    /// TLS as the address asks for it.
    pub fn tls(&self) -> MakeRustlsConnect {
        self.tls.clone()
    }

    /// Limits go with the connection, but not through a pooler, where each transaction sets its own.
    pub fn settle(&self, config: &Config) -> Config {
        let mut config = config.clone();
        config.connect_timeout(CONNECT_TIMEOUT).keepalives_idle(KEEPALIVE);
        if config.get_application_name().is_none() {
            config.application_name("feedwatch");
        }
        if self.caches_statements {
            let own = config.get_options().unwrap_or_default().to_owned();
            let limits = LIMITS.map(|(name, value)| format!("-c {name}={value}")).join(" ");
            config.options(format!("{limits} {own}").trim_end());
        }
        config
    }
}

impl Connect for Connector {
    fn connect(
        &self,
        config: &Config,
    ) -> Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Error>> + Send + '_>> {
        let config = self.settle(config);
        let tls = self.tls.clone();
        Box::pin(async move {
            let (client, connection) = config.connect(tls).await?;
            // The calls that are under way hear of its end, and say so.
            let task = TaskTracker::new().spawn(async move { drop(connection.await) });
            Ok((client, task))
        })
    }
}

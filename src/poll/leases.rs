//! The hosts that this instance holds, and their renewal.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::poller::Shared;
use crate::{
    model::HostKey,
    store::{HostLease, Store},
};

/// The leases held now, each with the token that stops the work under it.
#[derive(Debug, Default)]
pub(super) struct Leases {
    held: Mutex<HashMap<HostKey, (HostLease, CancellationToken)>>,
}

impl Leases {
    /// Takes note of a lease; `stop` is cancelled if it is lost.
    pub fn hold(&self, lease: HostLease, stop: CancellationToken) {
        self.held().insert(lease.host.clone(), (lease, stop));
    }

    /// Forgets a lease that was given back or lost; not the one of a later claim of the same host.
    pub fn forget(&self, lease: &HostLease) {
        let mut held = self.held();
        if held.get(&lease.host).is_some_and(|(known, _)| known.epoch == lease.epoch) {
            held.remove(&lease.host);
        }
    }

    /// How many hosts are held.
    pub fn len(&self) -> usize {
        self.held().len()
    }

    fn all(&self) -> Vec<HostLease> {
        self.held().values().map(|(lease, _)| lease.clone()).collect()
    }

    /// Stops the work under a lease, unless the host was claimed anew meanwhile.
    fn lose(&self, lease: &HostLease) {
        if let Some((held, stop)) = self.held().get(&lease.host)
            && held.epoch == lease.epoch
        {
            stop.cancel();
        }
    }

    fn held(&self) -> MutexGuard<'_, HashMap<HostKey, (HostLease, CancellationToken)>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Renews all held leases every `every`, until cancelled. If renewing fails, work goes on: its results pass the
/// store's own check of owner and epoch.
pub(super) async fn renew<S: Store>(shared: Arc<Shared<S>>, every: Duration, cancel: CancellationToken) {
    while cancel.run_until_cancelled(sleep(every)).await.is_some() {
        let leases = shared.leases.all();
        if leases.is_empty() {
            continue;
        }
        match shared.store.renew_hosts(leases).await {
            Ok(lost) => {
                for lease in lost {
                    warn!(host = %lease.host, "lost the lease on a host, its polls are dropped");
                    shared.leases.lose(&lease);
                }
            }
            Err(error) => warn!(%error, "could not renew leases"),
        }
    }
}

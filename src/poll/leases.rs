//! The hosts that this instance holds, and their renewal.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::poller::Shared;
use crate::{
    model::HostKey,
    store::{HostLease, Store},
};

/// How often a request that may not begin looks whether its lease was renewed.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The leases held now.
#[derive(Debug, Default)]
pub(super) struct Leases {
    held: Mutex<HashMap<HostKey, Held>>,
    /// How long one lasts; nothing: for ever.
    length: Option<Duration>,
}

#[derive(Debug)]
struct Held {
    lease: HostLease,
    /// Stops the work under it.
    stop: CancellationToken,
    /// When it was asked for, or for the last time renewed. It counts from here, by the monotonic clock: what the process
    /// slept through is over.
    asked: Instant,
}

impl Leases {
    /// From now on a lease lasts so long.
    pub fn last(&mut self, length: Duration) {
        self.length = Some(length);
    }

    /// Takes note of a lease that was asked for at that moment; `stop` is cancelled if it is lost.
    pub fn hold(&self, lease: HostLease, asked: Instant, stop: CancellationToken) {
        self.held().insert(lease.host.clone(), Held { lease, stop, asked });
    }

    /// Waits until at least a third of the lease is left, if it is not: then a request may begin. One that slept for too
    /// long, or that cannot be renewed, waits here until it is renewed, or known to be lost.
    pub async fn is_fresh(&self, host: &HostKey) {
        while !self.has_a_third_left(host) {
            sleep(LOOK_EVERY).await;
        }
    }

    fn has_a_third_left(&self, host: &HostKey) -> bool {
        let Some(length) = self.length else { return true };
        self.held().get(host).is_none_or(|held| held.asked.elapsed() < length * 2 / 3)
    }

    /// Forgets a lease that was given back or lost; not the one of a later claim of the same host.
    pub fn forget(&self, lease: &HostLease) {
        let mut held = self.held();
        if held.get(&lease.host).is_some_and(|held| held.lease.epoch == lease.epoch) {
            held.remove(&lease.host);
        }
    }

    /// How many hosts are held.
    pub fn len(&self) -> usize {
        self.held().len()
    }

    fn all(&self) -> Vec<HostLease> {
        self.held().values().map(|held| held.lease.clone()).collect()
    }

    /// Stops the work under a lease, unless the host was claimed anew meanwhile.
    fn lose(&self, lease: &HostLease) {
        if let Some(held) = self.held().get(&lease.host)
            && held.lease.epoch == lease.epoch
        {
            held.stop.cancel();
        }
    }

    /// These were renewed by a call that began at that moment.
    fn renewed(&self, leases: &[HostLease], asked: Instant) {
        let mut held = self.held();
        for lease in leases {
            if let Some(held) = held.get_mut(&lease.host).filter(|held| held.lease.epoch == lease.epoch) {
                held.asked = asked;
            }
        }
    }

    fn held(&self) -> MutexGuard<'_, HashMap<HostKey, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Renews all held leases every `every`, until cancelled. If renewing fails, work goes on: its results pass the
/// store's own check of owner and epoch.
pub(super) async fn renew<S: Store>(shared: Arc<Shared<S>>, every: Duration, cancel: CancellationToken) {
    while cancel.run_until_cancelled(sleep(every)).await.is_some() {
        let mut leases = shared.leases.all();
        if leases.is_empty() {
            continue;
        }
        let asked = Instant::now();
        match shared.store.renew_hosts(leases.clone()).await {
            Ok(lost) => {
                leases.retain(|lease| !lost.contains(lease));
                shared.leases.renewed(&leases, asked);
                for lease in lost {
                    shared.metrics.lease_lost();
                    warn!(host = %lease.host, "lost the lease on a host, its polls are dropped");
                    shared.leases.lose(&lease);
                }
            }
            Err(error) => debug!(%error, "could not renew leases"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::OwnerId;

    #[tokio::test(start_paused = true)]
    async fn no_request_begins_in_the_last_third_of_a_lease() {
        let host = HostKey::from("host");
        let lease = HostLease { host: host.clone(), owner: OwnerId::from("me"), epoch: 1 };
        let mut leases = Leases::default();
        leases.last(Duration::from_secs(30));
        leases.hold(lease.clone(), Instant::now(), CancellationToken::new());
        sleep(Duration::from_secs(19)).await;
        assert!(leases.has_a_third_left(&host));
        sleep(Duration::from_secs(2)).await;
        assert!(!leases.has_a_third_left(&host));
        // The answer of a renewal counts from when it was asked for.
        let asked = Instant::now();
        let waiting = async {
            leases.is_fresh(&host).await;
            asked.elapsed()
        };
        let renewal = async {
            sleep(Duration::from_secs(3)).await;
            leases.renewed(&[lease], asked);
        };
        let (waited, ()) = tokio::join!(waiting, renewal);
        assert!(waited >= Duration::from_secs(3), "{waited:?}");
        sleep(Duration::from_secs(16)).await;
        assert!(leases.has_a_third_left(&host));
        sleep(Duration::from_secs(2)).await;
        assert!(!leases.has_a_third_left(&host));
    }
}

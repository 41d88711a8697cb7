//! The way of one poll's requests through gates, leases and slots.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::warn;
use url::Url;

use super::{
    fetch::Closed,
    gates::{Gates, Passing},
    hosts::{self, Manners},
    leases::Leases,
    poller::{Live, Shared},
    slots::Slot,
    store_time::StoreTime,
};
use crate::{
    model::{HostKey, Timestamp},
    store::{HostLease, Store, Visit},
};

/// How long a redirect waits at the gate of another host, its gap apart. Then the poll ends, and is due later: two polls
/// that wait for each other's host never wait for ever.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a host that another instance holds is tried.
const EVERY: Duration = Duration::from_secs(1);

/// What one poll's requests pass through. `own` is the host whose lease is held for it.
pub(super) struct Passage<'a, S> {
    pub shared: &'a Shared<S>,
    pub live: &'a Live,
    pub own: &'a HostKey,
}

/// The right to send one request.
pub(super) struct Pass<'a> {
    passing: Passing,
    slot: Slot<'a>,
    /// Of another host than the poll's own.
    visit: Option<Visiting<'a>>,
    gap: Duration,
}

/// A lease that is held, and renewed, for one request. Dropped without being given back, it ends by itself.
struct Visiting<'a> {
    leases: &'a Leases,
    lease: HostLease,
}

impl Drop for Visiting<'_> {
    fn drop(&mut self) {
        self.leases.forget(&self.lease);
    }
}

impl<'a, S: Store> Gates for Passage<'a, S> {
    type Pass = Pass<'a>;

    async fn enter(&self, url: &Url, clock: &StoreTime) -> Result<Pass<'a>, Closed> {
        let host = hosts::key_of(url);
        let manners = Manners::of(&host, hosts::kind_of(url), &self.live.settings.hosts);
        let slots = &self.live.slots;
        let aside = slots.step_aside();
        let gate = self.shared.gates.of(&host, manners);
        let (passing, visit) = if host == *self.own {
            (gate.pass().await, None)
        } else {
            let closed = |until| Closed { host: host.clone(), until };
            let Ok(passing) = timeout(PATIENCE + manners.gap, gate.pass()).await else {
                return Err(closed(clock.now() + manners.gap));
            };
            (passing, self.visit(&host, clock).await.map_err(closed)?)
        };
        let slot = slots.take().await;
        drop(aside);
        self.shared.leases.is_fresh(self.own).await;
        Ok(Pass { passing, slot, visit, gap: manners.gap })
    }

    async fn during<T: Send>(&self, pass: &mut Pass<'a>, work: impl Future<Output = T> + Send) -> T {
        self.live.slots.during(&mut pass.slot, work).await
    }

    async fn leave(&self, pass: Pass<'a>) {
        let Pass { passing, slot, visit, gap } = pass;
        drop((slot, passing));
        let Some(visit) = visit else { return };
        if let Err(error) = self.shared.store.release_host(&visit.lease, gap).await {
            let host = &visit.lease.host;
            warn!(%error, %host, "could not give the host back; its lease will end by itself");
        }
    }
}

impl<'a, S: Store> Passage<'a, S> {
    /// The lease of another host, `None` if this process holds it already; else when to try again.
    async fn visit(&self, host: &HostKey, clock: &StoreTime) -> Result<Option<Visiting<'a>>, Timestamp> {
        let give_up = clock.now() + PATIENCE;
        loop {
            let asked = Instant::now();
            let wait = match self.shared.store.visit_host(&self.shared.owner, host).await {
                Ok(Visit::Open(lease)) => {
                    // If it is lost, the request goes on: only its own answer is at stake.
                    let leases = &self.shared.leases;
                    leases.hold(lease.clone(), asked, CancellationToken::new());
                    return Ok(Some(Visiting { leases, lease }));
                }
                Ok(Visit::Ours) => return Ok(None),
                Ok(Visit::Busy) => EVERY,
                Ok(Visit::Closed(wait)) => wait,
                Err(error) => {
                    warn!(%error, %host, "could not ask for a host");
                    PATIENCE
                }
            };
            let again = clock.now() + wait;
            if again >= give_up {
                return Err(again);
            }
            sleep(wait).await;
        }
    }
}

//! Gates: each request passes the one of its own host, redirects too (specs/polling.md R5, R6).
//!
//! A host's lease in the store keeps other instances away and remembers what the host asked for; the gates here keep
//! the requests of this process apart.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep_until},
};
use url::Url;

use super::{fetch::Closed, hosts::Manners, store_time::StoreTime};
use crate::model::HostKey;

/// Lets requests pass one by one.
pub trait Gates: Sync {
    /// The right to send one request.
    type Pass: Send;

    /// Waits for the right to ask this URL; not for ever.
    fn enter(&self, url: &Url, clock: &StoreTime) -> impl Future<Output = Result<Self::Pass, Closed>> + Send;

    /// Does the work that the pass is for.
    fn during<T: Send>(
        &self,
        pass: &mut Self::Pass,
        work: impl Future<Output = T> + Send,
    ) -> impl Future<Output = T> + Send;

    /// The request is over.
    fn leave(&self, pass: Self::Pass) -> impl Future<Output = ()> + Send;
}

/// No gates: for a single request that a person asks for by hand.
#[derive(Debug, Clone, Copy)]
pub struct NoGates;

impl Gates for NoGates {
    type Pass = ();

    async fn enter(&self, _url: &Url, _clock: &StoreTime) -> Result<(), Closed> {
        Ok(())
    }

    async fn during<T: Send>(&self, _pass: &mut (), work: impl Future<Output = T> + Send) -> T {
        work.await
    }

    async fn leave(&self, _pass: ()) {}
}

/// The gates of this process.
#[derive(Debug, Default)]
pub(super) struct HostGates {
    gates: Mutex<HashMap<HostKey, Arc<Gate>>>,
}

impl HostGates {
    /// The gate of a host. Gates that nobody waits at and that stand open are forgotten.
    pub fn of(&self, host: &HostKey, manners: Manners) -> Arc<Gate> {
        let mut gates = lock(&self.gates);
        if let Some(gate) = gates.get(host).filter(|gate| gate.manners == manners) {
            return gate.clone();
        }
        let now = Instant::now();
        gates.retain(|_, gate| Arc::strong_count(gate) > 1 || *lock(&gate.opens) > now);
        let gate = Arc::new(Gate::new(manners));
        gates.insert(host.clone(), gate.clone());
        gate
    }
}

/// The gate of one host.
#[derive(Debug)]
pub(super) struct Gate {
    manners: Manners,
    places: Arc<Semaphore>,
    /// The gap after the last request ends here.
    opens: Mutex<Instant>,
}

impl Gate {
    fn new(manners: Manners) -> Self {
        let places = Arc::new(Semaphore::new(manners.in_flight));
        Self { manners, places, opens: Mutex::new(Instant::now()) }
    }

    /// Waits for a place, and for the end of the gap.
    pub async fn pass(self: Arc<Self>) -> Passing {
        let place = self.places.clone().acquire_owned().await.ok();
        loop {
            let opens = self.opens();
            if opens <= Instant::now() {
                return Passing { gate: self, _place: place };
            }
            sleep_until(opens).await;
        }
    }

    /// When the next request may go out.
    pub fn opens(&self) -> Instant {
        *lock(&self.opens)
    }
}

/// A request on its way. Dropped, it is over, and the gap begins.
#[derive(Debug)]
pub(super) struct Passing {
    gate: Arc<Gate>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Drop for Passing {
    fn drop(&mut self) {
        *lock(&self.gate.opens) = Instant::now() + self.gate.manners.gap;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio_util::task::TaskTracker;

    use super::*;

    const GAP: Duration = Duration::from_secs(2);

    #[tokio::test(start_paused = true)]
    async fn requests_to_one_host_keep_their_distance_from_end_to_start() {
        let gates = HostGates::default();
        let host = HostKey::from("example.org");
        let (tasks, begun, times) = (TaskTracker::new(), Instant::now(), Arc::new(Mutex::new(Vec::new())));
        for _ in 0..4 {
            let (gate, times) = (gates.of(&host, Manners { gap: GAP, in_flight: 1 }), times.clone());
            tasks.spawn(async move {
                let passing = gate.pass().await;
                lock(&times).push(begun.elapsed().as_secs());
                tokio::time::sleep(Duration::from_secs(3)).await;
                drop(passing);
            });
        }
        tasks.close();
        tasks.wait().await;
        assert_eq!(*lock(&times), [0, 5, 10, 15]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_gate_is_remembered_until_it_stands_open() {
        let gates = HostGates::default();
        let manners = Manners { gap: GAP, in_flight: 1 };
        drop(gates.of(&HostKey::from("a"), manners).pass().await);
        gates.of(&HostKey::from("b"), manners);
        assert!(gates.of(&HostKey::from("a"), manners).opens() > Instant::now());
        tokio::time::sleep(GAP).await;
        gates.of(&HostKey::from("c"), manners);
        assert_eq!(lock(&gates.gates).len(), 1);
    }
}

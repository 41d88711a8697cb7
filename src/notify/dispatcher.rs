//! The loop over all notifiers: one worker for each, so that one's trouble is not another's.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    select,
    sync::{Notify as Wake, watch},
    task::{Id, JoinError, JoinSet},
    time::sleep,
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use super::{
    Settings,
    slots::Slots,
    worker::{Plan, Until, Worker},
};
use crate::{
    clock::Clock,
    metrics::{Metrics, Task},
    model::{Notifier, NotifierName, OwnerId},
    pulse::Pulse,
    store::{Store, StoreError},
};

/// The name of this loop, where it beats.
const LOOP: &str = "delivery";
/// A worker that broke down is started again after this.
const RESTART_PAUSE: Duration = Duration::from_secs(1);

/// Sends what the store says is due, to every configured notifier.
pub struct Dispatcher<S, C> {
    shared: Arc<Shared<S, C>>,
    settings: watch::Receiver<Arc<Settings>>,
    hint: Arc<Wake>,
    plan: watch::Sender<Arc<Plan>>,
    workers: JoinSet<Result<(), StoreError>>,
    running: HashMap<NotifierName, Running>,
    pulse: Pulse,
}

/// A worker, as the dispatcher sees it.
struct Running {
    task: Id,
    cancel: CancellationToken,
    wake: Arc<Wake>,
}

/// What all workers share.
pub struct Shared<S, C> {
    /// Where deliveries are.
    pub store: S,
    /// The time of attempts.
    pub clock: C,
    /// Who claims.
    pub owner: OwnerId,
    /// Where attempts are counted.
    pub metrics: Metrics,
    store_is_down: AtomicBool,
}

impl<S, C> Shared<S, C> {
    /// The store cannot be used now: said once, whoever notices.
    pub fn store_failed(&self, error: &StoreError) {
        if !self.store_is_down.swap(true, Ordering::Relaxed) {
            error!(%error, "the store cannot be used, nothing is sent until it can");
        }
    }

    /// The store can be used.
    pub fn store_works(&self) {
        if self.store_is_down.swap(false, Ordering::Relaxed) {
            info!("the store can be used again");
        }
    }
}

impl<S: Store, C: Clock> Dispatcher<S, C> {
    /// A dispatcher for the notifiers of `settings`, whatever they change to. `hint` calls it when deliveries were
    /// recorded; without a call they are found within a second.
    pub fn new(
        store: S,
        clock: C,
        owner: OwnerId,
        mut settings: watch::Receiver<Arc<Settings>>,
        hint: Arc<Wake>,
    ) -> Self {
        let current = Arc::clone(&settings.borrow_and_update());
        let slots = Slots::new(current.max_in_flight);
        Self {
            shared: Arc::new(Shared {
                store,
                clock,
                owner,
                metrics: Metrics::default(),
                store_is_down: AtomicBool::new(false),
            }),
            settings,
            hint,
            plan: watch::channel(Arc::new(Plan { settings: current, slots })).0,
            workers: JoinSet::new(),
            running: HashMap::new(),
            pulse: Pulse::default(),
        }
    }

    /// Counts attempts there.
    #[must_use]
    pub fn counting(self, metrics: Metrics) -> Self {
        let Shared { store, clock, owner, .. } = &*self.shared;
        let (store, clock, owner) = (store.clone(), clock.clone(), owner.clone());
        let shared = Shared { store, clock, owner, metrics, store_is_down: AtomicBool::new(false) };
        Self { shared: Arc::new(shared), ..self }
    }

    /// Beats there, as `delivery`.
    #[must_use]
    pub fn beating(self, pulse: Pulse) -> Self {
        Self { pulse, ..self }
    }

    /// Sends until `cancel`, then waits at most `drain` for what is under way. What is not finished then stays claimed;
    /// the caller gives it back with `Store::release_all`.
    ///
    /// # Errors
    /// If the store cannot be used at all.
    pub async fn run(mut self, cancel: CancellationToken) -> Result<(), StoreError> {
        let stop = cancel.child_token();
        let result = loop {
            self.pulse.beat(LOOP);
            self.reconcile(&Until::Cancelled, &stop);
            select! {
                () = sleep(self.pulse.pace()) => {}
                () = cancel.cancelled() => break Ok(()),
                Ok(()) = self.settings.changed() => self.adopt_settings(),
                () = self.hint.notified() => self.wake_all(),
                Some(ended) = self.workers.join_next_with_id() => {
                    if let Err(error) = self.worker_ended(ended).await {
                        break Err(error);
                    }
                }
            }
        };
        self.pulse.end(LOOP);
        stop.cancel();
        while self.workers.join_next().await.is_some() {}
        result
    }

    /// Sends until `polled`, then what is due, and what falls due again within ten seconds; for `once`.
    ///
    /// # Errors
    /// If the store cannot be used at all.
    pub async fn drain_due(
        mut self,
        polled: CancellationToken,
        cancel: CancellationToken,
    ) -> Result<(), StoreError> {
        self.reconcile(&Until::Idle(polled.clone()), &cancel);
        let (mut result, mut is_told) = (Ok(()), false);
        loop {
            select! {
                ended = self.workers.join_next_with_id() => match ended {
                    Some(ended) => result = result.and(self.worker_ended(ended).await),
                    None => return result,
                },
                () = self.hint.notified() => self.wake_all(),
                () = polled.cancelled(), if !is_told => {
                    is_told = true;
                    self.wake_all();
                }
            }
        }
    }

    fn wake_all(&self) {
        self.running.values().for_each(|worker| worker.wake.notify_one());
    }

    /// Starts workers for notifiers that have none; lets those go whose notifier is gone or disabled.
    fn reconcile(&mut self, until: &Until, stop: &CancellationToken) {
        let settings = Arc::clone(&self.plan.borrow().settings);
        let wanted =
            |name: &NotifierName| settings.notifiers.iter().any(|one| one.enabled && one.name == *name);
        self.running.retain(|name, worker| {
            let keep = wanted(name);
            if !keep {
                worker.cancel.cancel();
            }
            keep
        });
        for notifier in settings.notifiers.iter().filter(|notifier| notifier.enabled) {
            if !self.running.contains_key(&notifier.name) {
                self.start(notifier, until.clone(), stop.child_token());
            }
        }
    }

    fn start(&mut self, notifier: &Notifier, until: Until, cancel: CancellationToken) {
        let wake = Arc::new(Wake::new());
        let worker =
            Worker::new(Arc::clone(&self.shared), self.plan.subscribe(), Arc::clone(&wake), notifier.clone());
        let task = self.workers.spawn(worker.run(until, cancel.clone())).id();
        self.running.insert(notifier.name.clone(), Running { task, cancel, wake });
    }

    fn adopt_settings(&mut self) {
        let settings = Arc::clone(&self.settings.borrow_and_update());
        let old = Arc::clone(&self.plan.borrow());
        let is_same = old.settings.max_in_flight == settings.max_in_flight;
        let slots = if is_same { old.slots.clone() } else { Slots::new(settings.max_in_flight) };
        self.plan.send_replace(Arc::new(Plan { settings, slots }));
    }

    /// A worker that broke down is forgotten, and so started again.
    async fn worker_ended(
        &mut self,
        ended: Result<(Id, Result<(), StoreError>), JoinError>,
    ) -> Result<(), StoreError> {
        match ended {
            Ok((_, result)) => result,
            Err(panic) => {
                let id = panic.id();
                self.shared.metrics.panicked(Task::Notifier);
                error!(%panic, "a notifier's loop failed inside, starting it again; this is a fault of feedwatch");
                self.running.retain(|_, worker| worker.task != id);
                sleep(RESTART_PAUSE).await;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
#[path = "dispatcher_tests.rs"]
mod tests;

//! The loop of one notifier: claims what is due as far as it has room, and lets it be sent.

use std::{sync::Arc, time::Duration};

use tokio::{
    select,
    sync::{Notify as Wake, watch},
    task::{JoinError, JoinSet},
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::{
    Settings,
    agenda::Agenda,
    attempt::{Done, Sending},
    dispatcher::Shared,
    health::{Health, Report},
    record::Memory,
    sender::Sender,
    slots::{Slot, Slots},
};
use crate::{
    clock::Clock,
    model::{Notifier, NotifierKind},
    store::{AttemptResult, Store, StoreError},
};

/// Trouble that lasted at least this long has sent deliveries into long waits; shorter trouble is one bad delivery
/// among good ones, which must not come back each time.
const OUTAGE: Duration = Duration::from_secs(5);
/// So many deliveries at a time are called back from their waits.
const CALLED_BACK: usize = 1000;

/// What a worker goes by; a new one comes with each change of the configuration.
pub struct Plan {
    /// The rules.
    pub settings: Arc<Settings>,
    /// The places for sends under way.
    pub slots: Slots,
}

/// When a worker ends, besides being cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Never.
    Cancelled,
    /// When nothing is due before this moment.
    Idle(Instant),
}

/// One notifier at work.
pub struct Worker<S, C> {
    shared: Arc<Shared<S, C>>,
    plan: watch::Receiver<Arc<Plan>>,
    wake: Arc<Wake>,
    notifier: Notifier,
    sender: Arc<Sender>,
    health: Health,
    memory: Arc<Memory>,
    /// Sends under way, each with the generation it began in.
    sends: JoinSet<(u64, Done)>,
    /// Grows when the notifier's own configuration changes.
    generation: u64,
    agenda: Agenda,
}

enum Event {
    Stop,
    Sent(Result<(u64, Done), JoinError>),
    NewPlan,
    Called,
    Room(Vec<Slot>),
}

impl<S: Store, C: Clock> Worker<S, C> {
    /// A worker for this notifier. `wake` calls it when there may be work.
    pub fn new(
        shared: Arc<Shared<S, C>>,
        mut plan: watch::Receiver<Arc<Plan>>,
        wake: Arc<Wake>,
        notifier: Notifier,
    ) -> Self {
        let settings = Arc::clone(&plan.borrow_and_update().settings);
        Self {
            sender: Arc::new(Sender::new(&notifier, &settings)),
            health: Health::new(notifier.name.clone()),
            memory: Arc::default(),
            sends: JoinSet::new(),
            generation: 0,
            agenda: Agenda::new(Instant::now()),
            shared,
            plan,
            wake,
            notifier,
        }
    }

    /// Works until it is cancelled or idle. What is under way then has `drain` to end; what has not is due again when
    /// its lease is given back.
    ///
    /// # Errors
    /// If the store cannot be used at all.
    pub async fn run(mut self, until: Until, cancel: CancellationToken) -> Result<(), StoreError> {
        let result = loop {
            match self.next_event(&cancel).await {
                Event::Stop => break Ok(()),
                Event::Sent(done) => self.learn(done),
                Event::NewPlan => self.adopt_plan(),
                Event::Called => self.agenda.called(Instant::now()),
                Event::Room(slots) => {
                    if let Err(error) = self.claim(slots).await {
                        break Err(error);
                    }
                }
            }
            if self.is_done(until) {
                break Ok(());
            }
        };
        let drain = self.plan.borrow().settings.drain;
        let rest = async { while self.sends.join_next().await.is_some() {} };
        // Too slow is no error: dropped sends are due again.
        let _ = timeout(drain, rest).await;
        result
    }

    async fn next_event(&mut self, cancel: &CancellationToken) -> Event {
        let slots = self.plan.borrow().slots.clone();
        let room = self.health.width(self.notifier.concurrency).saturating_sub(self.sends.len());
        let look_at = self.agenda.look_at();
        let ready_at = self.health.paused_until().map_or(look_at, |pause| pause.max(look_at));
        let is_failing = self.health.is_failing();
        let take = async {
            sleep_until(ready_at).await;
            slots.take(room, is_failing).await
        };
        select! {
            biased;
            () = cancel.cancelled() => Event::Stop,
            Some(done) = self.sends.join_next() => Event::Sent(done),
            Ok(()) = self.plan.changed() => Event::NewPlan,
            () = self.wake.notified(), if look_at > Instant::now() => Event::Called,
            slots = take, if room > 0 => Event::Room(slots),
        }
    }

    /// Claims one delivery for each free place, and sends.
    async fn claim(&mut self, mut slots: Vec<Slot>) -> Result<(), StoreError> {
        let (name, owner, settings) =
            (&self.notifier.name, &self.shared.owner, &self.plan.borrow().settings.clone());
        let lease = settings.lease.max(2 * self.timeout(settings));
        let now = Instant::now();
        if self.agenda.is_calling_back(now) {
            // An error is no loss: it is tried again, and the deliveries are due in their own time anyway.
            let called = self.shared.store.hasten_deliveries(name, CALLED_BACK).await;
            self.agenda.called_back(matches!(called, Ok(0)), now);
        }
        let claimed = match self.shared.store.claim_deliveries(name, owner, slots.len(), lease).await {
            Ok(claimed) => claimed,
            Err(error @ StoreError::Unusable(_)) => return Err(error),
            Err(error) => {
                self.shared.store_failed(&error);
                self.agenda.could_not_look(now);
                return Ok(());
            }
        };
        self.shared.store_works();
        self.agenda.looked(claimed.next_due, claimed.deliveries.len() == slots.len(), now);
        for delivery in claimed.deliveries {
            let (generation, sending, slot) = (self.generation, self.sending(settings), slots.pop());
            self.sends.spawn(async move {
                let done = sending.attempt(delivery).await;
                drop(slot);
                (generation, done)
            });
        }
        Ok(())
    }

    fn sending(&self, settings: &Arc<Settings>) -> Sending<S, C, Sender> {
        Sending {
            store: self.shared.store.clone(),
            clock: self.shared.clock.clone(),
            sender: Arc::clone(&self.sender),
            settings: Arc::clone(settings),
            memory: Arc::clone(&self.memory),
        }
    }

    fn timeout(&self, settings: &Settings) -> Duration {
        match &self.notifier.kind {
            NotifierKind::Webhook(webhook) => webhook.timeout.unwrap_or(settings.timeout),
            NotifierKind::Log => settings.timeout,
        }
    }

    fn learn(&mut self, done: Result<(u64, Done), JoinError>) {
        let now = Instant::now();
        let (generation, Done { delivery, sent, result }) = match done {
            Ok(done) => done,
            Err(failed) => {
                return error!(notifier = %self.notifier.name, %failed, "a delivery failed inside; it is due again when its lease is over");
            }
        };
        if generation != self.generation && matches!(result, AttemptResult::Retry { .. }) {
            // A failure of the receiver as it was configured before says nothing about this one.
            return self.agenda.call_back(now);
        }
        let dead = match &result {
            AttemptResult::Dead { reason } => Some(reason.as_str()),
            _ => None,
        };
        let report = Report { alert: &delivery.alert, attempt: delivery.attempt, sent: &sent, dead };
        if self.health.learn(&report, now).is_some_and(|outage| outage >= OUTAGE) {
            self.agenda.call_back(now);
        }
        if self.health.is_failing() {
            self.agenda.leave_waiting();
        }
        if let AttemptResult::Retry { after, .. } = result {
            self.agenda.due_in(after, now);
        }
    }

    /// Takes over changed settings. Sends under way end as they began.
    fn adopt_plan(&mut self) {
        let settings = Arc::clone(&self.plan.borrow_and_update().settings);
        let Some(notifier) = settings.notifiers.iter().find(|notifier| notifier.name == self.notifier.name)
        else {
            return;
        };
        if *notifier != self.notifier {
            self.health.forget_trouble();
            self.notifier = notifier.clone();
            self.generation += 1;
            self.agenda.call_back(Instant::now());
        }
        // Always: the content of a ca_file may have changed, or the timeouts.
        self.sender = Arc::new(Sender::new(notifier, &settings));
    }

    fn is_done(&self, until: Until) -> bool {
        let Until::Idle(deadline) = until else { return false };
        if !self.sends.is_empty() {
            return false;
        }
        let paused = self.health.paused_until().is_some_and(|pause| pause > deadline);
        let gives_up = !self.health.gets_through() && Instant::now() >= deadline;
        paused || gives_up || self.agenda.is_idle_until(deadline, Instant::now())
    }
}

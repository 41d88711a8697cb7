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
    health::Health,
    overdue::Overdue,
    pace::Pace,
    record::Memory,
    sender::Sender,
    slots::{Slot, Slots},
};
use crate::{
    clock::Clock,
    model::{Notifier, NotifierKind},
    store::{Store, StoreError},
};

/// What a worker goes by; a new one comes with each change of the configuration.
pub struct Plan {
    /// The rules.
    pub settings: Arc<Settings>,
    /// The places for sends under way.
    pub slots: Slots,
}

/// When a worker ends, besides being cancelled.
#[derive(Debug, Clone)]
pub enum Until {
    /// Never.
    Cancelled,
    /// When nothing more will come, and nothing falls due within ten seconds from then.
    Idle(CancellationToken),
}

/// Retries are followed that fall due within this time.
const PATIENCE: Duration = Duration::from_secs(10);

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
    pace: Pace,
    overdue: Overdue,
    /// When it ends whatever waits; known once nothing more will come.
    deadline: Option<Instant>,
}

enum Event {
    Stop,
    Sent(Box<Result<(u64, Done), JoinError>>),
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
            health: Health::new(),
            memory: Arc::default(),
            sends: JoinSet::new(),
            generation: 0,
            agenda: Agenda::new(Instant::now()),
            pace: Pace::new(notifier.rate, Instant::now()),
            overdue: Overdue::new(Instant::now()),
            deadline: None,
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
                Event::Sent(done) => self.learn(*done),
                Event::NewPlan => self.adopt_plan(),
                Event::Called => self.agenda.called(Instant::now()),
                Event::Room(slots) => {
                    if let Err(error) = self.claim(slots).await {
                        break Err(error);
                    }
                }
            }
            if self.is_done(&until) {
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
        let look_at = self.agenda.look_at().max(self.pace.ready_at(Instant::now()));
        let is_failing = self.health.is_failing();
        let take = async {
            sleep_until(look_at).await;
            slots.take(room, is_failing).await
        };
        select! {
            biased;
            () = cancel.cancelled() => Event::Stop,
            Some(done) = self.sends.join_next() => Event::Sent(Box::new(done)),
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
        slots.truncate(self.pace.room(now).max(1));
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
        self.health.told(&claimed.health);
        let may_be_more = !self.health.is_failing() && claimed.deliveries.len() == slots.len();
        self.agenda.looked(claimed.next_due, may_be_more, now);
        self.pace.spend(claimed.deliveries.len(), now);
        let is_idle = claimed.deliveries.is_empty() && self.sends.is_empty();
        if is_idle && self.overdue.is_time(claimed.health.state, now) {
            let (store, health) = (&self.shared.store, &claimed.health);
            if let Err(error) = self.overdue.give_up(store, settings, name, health, now).await {
                self.shared.store_failed(&error);
            }
        }
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
            metrics: self.shared.metrics.clone(),
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
        let (generation, Done { delivery, sent, finished }) = match done {
            Ok(done) => done,
            Err(failed) => {
                return error!(notifier = %self.notifier.name, %failed, "a delivery failed inside; it is due again when its lease is over");
            }
        };
        let Some(finished) = finished else { return };
        if generation == self.generation {
            self.health.learn(&delivery, &sent, &finished);
            if !self.health.gets_through() {
                self.overdue.failed();
            }
        }
        // What was decided may have made anything due: the store knows.
        self.agenda.called(now);
    }

    /// Takes over changed settings. Sends under way end as they began.
    fn adopt_plan(&mut self) {
        let settings = Arc::clone(&self.plan.borrow_and_update().settings);
        let Some(notifier) = settings.notifiers.iter().find(|notifier| notifier.name == self.notifier.name)
        else {
            return;
        };
        if *notifier != self.notifier {
            self.health.forget();
            self.pace.change(notifier.rate);
            self.notifier = notifier.clone();
            self.generation += 1;
            self.agenda.called(Instant::now());
        }
        // Always: the content of a ca_file may have changed, or the timeouts.
        self.sender = Arc::new(Sender::new(notifier, &settings));
    }

    fn is_done(&mut self, until: &Until) -> bool {
        let Until::Idle(last) = until else { return false };
        if !last.is_cancelled() {
            return false;
        }
        let deadline = *self.deadline.get_or_insert_with(|| Instant::now() + PATIENCE);
        if !self.sends.is_empty() {
            return false;
        }
        let now = Instant::now();
        let gives_up = !self.health.gets_through() && now >= deadline;
        // What its rate keeps back is waited for from one message to the next, not for an hour.
        let is_too_slow = self.pace.ready_at(now) > now + PATIENCE;
        gives_up || is_too_slow || self.agenda.is_idle_until(deadline, now)
    }
}

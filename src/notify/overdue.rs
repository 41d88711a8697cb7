//! Deliveries that are older than `max_age` while their notifier takes nothing: nobody else gives them up
//! (specs/delivery.md §3).

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;
use tracing::error;

use super::{Settings, redact::short, tell};
use crate::{
    model::{NotifierHealth, NotifierName, NotifierState},
    store::{Report, Standing, Store, StoreError},
};

/// They are looked for this often, and at least ten times in a `max_age`.
const EVERY: Duration = Duration::from_secs(30);
const LOOKS: u32 = 10;
/// Given up in one transaction.
const BATCH: usize = 500;

/// Looks for them now and then.
pub struct Overdue {
    look_at: Instant,
    has_failed: bool,
}

impl Overdue {
    /// Not before an attempt has failed: after a long stop the receiver may be well again.
    pub fn new(now: Instant) -> Self {
        Self { look_at: now, has_failed: false }
    }

    /// An attempt failed in this life.
    pub fn failed(&mut self) {
        self.has_failed = true;
    }

    /// Whether it is time to look, for a notifier in this state.
    pub fn is_time(&self, state: NotifierState, now: Instant) -> bool {
        let is_tried = self.has_failed || state == NotifierState::Gone;
        let is_down = matches!(state, NotifierState::Open | NotifierState::Held | NotifierState::Gone);
        is_down && is_tried && now >= self.look_at
    }

    /// Gives up what is too old, and tells of it. More than a batch is given up next time, at once.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub async fn give_up(
        &mut self,
        store: &impl Store,
        settings: &Arc<Settings>,
        notifier: &NotifierName,
        health: &NotifierHealth,
        now: Instant,
    ) -> Result<(), StoreError> {
        let max_age = humantime::format_duration(settings.max_age);
        let why = health.reason.as_deref().unwrap_or("its receiver takes nothing");
        let reason = short(&format!("gave up after {max_age}: {why}"));
        let is_news = Arc::new(AtomicBool::new(false));
        let report = {
            let (settings, notifier, reason) = (Arc::clone(settings), notifier.clone(), reason.clone());
            let is_news = Arc::clone(&is_news);
            move |standing: &Standing, given_up: u64| {
                let mut health = standing.health.clone();
                tell::note(&mut health, true, standing.now);
                let told = Some((reason.as_str(), given_up));
                let (before, notifiers) = (&standing.health, &settings.notifiers);
                let event = tell::event(notifiers, &notifier, before, &mut health, told, standing.now);
                is_news.store(health.told_dead != standing.health.told_dead, Ordering::Relaxed);
                Report { health: Some(health), event }
            }
        };
        let given_up = store.give_up_overdue(notifier, settings.max_age, &reason, BATCH, report).await?;
        self.look_at = if given_up == BATCH as u64 { now } else { now + EVERY.min(settings.max_age / LOOKS) };
        // One line an hour, however many follow.
        if given_up > 0 && is_news.load(Ordering::Relaxed) {
            error!(%notifier, given_up, error = %reason, "deliveries given up; `feedwatch redeliver --dead` puts them back");
        }
        Ok(())
    }
}

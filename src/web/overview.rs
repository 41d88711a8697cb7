//! What is configured and what is known of it, side by side, judged as `status` judges it. Pure.

use std::collections::HashMap;

use super::Watched;
use crate::{
    model::{Feed, Notifier, NotifierState, Reason, Timestamp},
    store::{
        FeedActivity, FeedCondition, FeedHealth, FeedState, NotifierActivity, Queue,
        activity::{DAYS, HOURS},
    },
};

/// A feed and what is known of it.
#[derive(Debug)]
pub struct FeedView<'a> {
    /// As it is configured.
    pub feed: &'a Feed,
    /// As it is stored.
    pub state: FeedState,
    /// The judgement.
    pub health: FeedHealth,
    /// New articles by day.
    pub articles: [u64; DAYS],
    /// The next poll, and why then.
    pub next: (Option<Timestamp>, Reason),
}

/// A notifier and what is known of it.
#[derive(Debug)]
pub struct NotifierView<'a> {
    /// As it is configured.
    pub notifier: &'a Notifier,
    /// Its queue; `None`: nothing was ever owed to it.
    pub queue: Option<Queue>,
    /// Deliveries by hour.
    pub delivered: [u64; HOURS],
}

/// What is read from the store for the page.
#[derive(Debug, Default)]
pub struct Found {
    /// Every feed.
    pub states: Vec<FeedState>,
    /// Every queue.
    pub queues: Vec<Queue>,
    /// Articles by day.
    pub articles: Vec<FeedActivity>,
    /// Deliveries by hour.
    pub deliveries: Vec<NotifierActivity>,
}

/// All feeds and notifiers.
#[derive(Debug)]
pub struct Overview<'a> {
    /// Those that need a person first, then those that fail, then in the order of the configuration.
    pub feeds: Vec<FeedView<'a>>,
    /// Those that need a person first, then in the order of the configuration.
    pub notifiers: Vec<NotifierView<'a>>,
}

impl<'a> Overview<'a> {
    /// Puts together what is configured and what was found.
    pub fn of(watched: &'a Watched, found: Found, now: Timestamp) -> Self {
        let mut states: HashMap<String, FeedState> =
            found.states.into_iter().map(|state| (state.id.to_string(), state)).collect();
        let articles: HashMap<String, [u64; DAYS]> =
            found.articles.into_iter().map(|one| (one.feed.to_string(), one.articles)).collect();
        let view = |feed: &'a Feed| {
            let id = feed.id.as_str();
            let known = states.remove(id).unwrap_or_else(|| FeedState::unknown(feed.id.clone()));
            let state = FeedState { enabled: feed.enabled, ..known };
            FeedView {
                feed,
                health: state.health(watched.failing_after),
                next: if feed.enabled { state.next(now) } else { (None, state.reason) },
                articles: articles.get(id).copied().unwrap_or_default(),
                state,
            }
        };
        let mut feeds: Vec<FeedView<'a>> = watched.feeds.iter().map(view).collect();
        feeds
            .sort_by_key(|feed| (!feed.health.needs_person, feed.health.condition != FeedCondition::Failing));
        let mut notifiers: Vec<NotifierView<'a>> = watched
            .notifiers
            .iter()
            .map(|notifier| NotifierView {
                notifier,
                queue: found.queues.iter().find(|queue| queue.notifier == notifier.name).cloned(),
                delivered: found
                    .deliveries
                    .iter()
                    .find(|one| one.notifier == notifier.name)
                    .map_or([0; HOURS], |one| one.delivered),
            })
            .collect();
        notifiers.sort_by_key(|notifier| !notifier.needs_person());
        Self { feeds, notifiers }
    }
}

impl FeedView<'_> {
    /// What people call it.
    pub fn name(&self) -> String {
        let name = self.feed.name.as_ref().or(self.state.title.as_ref());
        name.cloned().unwrap_or_else(|| self.feed.display_url())
    }

    /// Its state in a word.
    pub const fn word(&self) -> &'static str {
        self.health.condition.as_str()
    }

    /// What a person should read about it: why it fails, or what is wrong with its documents.
    pub fn complaint(&self) -> Option<String> {
        if self.health.condition == FeedCondition::Disabled {
            return None;
        }
        let is_bad = matches!(self.health.condition, FeedCondition::Failing | FeedCondition::Gone);
        let error = self.state.error.clone().filter(|_| is_bad);
        let troubles = self.state.memory.reading_troubles();
        error.or_else(|| troubles.first().map(|trouble| trouble.as_str().to_owned()))
    }
}

impl NotifierView<'_> {
    /// Whether somebody has to do something about it.
    pub fn needs_person(&self) -> bool {
        self.notifier.enabled && self.queue.as_ref().is_some_and(Queue::needs_person)
    }

    /// Its state. A change of the configuration that the store has not seen yet is told as it is written.
    pub fn state(&self) -> NotifierState {
        match self.queue.as_ref().map_or(NotifierState::Active, |queue| queue.health.state) {
            _ if !self.notifier.enabled => NotifierState::Disabled,
            NotifierState::Disabled => NotifierState::Active,
            state => state,
        }
    }
}

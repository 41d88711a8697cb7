//! `status`: the health of feeds and notifiers.

use std::{collections::HashMap, fmt::Write};

use serde::Serialize;

use super::{
    Context, Failure, Outcome,
    output::{self, Clean},
};
use crate::{
    app::{self, count},
    config::{Config, Purpose},
    model::{Feed, FeedId, Notifier, Outcome as PollOutcome, Timestamp, rfc3339},
    store::{FeedCondition, FeedState, Queue, Store},
};

/// Everything `status` shows.
#[derive(Debug, Serialize)]
struct Status {
    /// Whether nothing needs a person.
    ok: bool,
    feeds: Vec<FeedStatus>,
    notifiers: Vec<NotifierStatus>,
}

#[derive(Debug, Serialize)]
struct FeedStatus {
    url: String,
    id: FeedId,
    name: String,
    state: FeedCondition,
    needs_person: bool,
    next_poll: Option<String>,
    reason: &'static str,
    error: Option<String>,
    last_outcome: Option<&'static str>,
    last_status: Option<u16>,
    last_attempt: Option<String>,
    last_success: Option<String>,
    consecutive_failures: u32,
    failing_since: Option<String>,
    etag: bool,
    last_modified: bool,
    polls: u64,
    not_modified: u64,
}

#[derive(Debug, Serialize)]
struct NotifierStatus {
    name: String,
    state: &'static str,
    needs_person: bool,
    pending: u64,
    dead: u64,
    held_back: u64,
    oldest_pending_seconds: Option<u64>,
    next_attempt: Option<String>,
    last_delivered: Option<String>,
    reason: Option<String>,
}

pub(super) async fn run(context: &Context, json: bool) -> Outcome {
    let config = context.config(Purpose::Look)?;
    let status = collect(&config).await?;
    if json {
        output::json(&status)?;
    } else {
        output::text(Clean(&status.to_text()))?;
    }
    Ok(output::exit(status.ok))
}

/// Whether nothing needs a person.
pub(super) async fn is_well(config: &Config) -> Result<bool, Failure> {
    Ok(collect(config).await?.ok)
}

async fn collect(config: &Config) -> Result<Status, Failure> {
    let store = app::open_store_to_read(&config.store).await?;
    let states: HashMap<FeedId, FeedState> =
        store.feed_states().await?.into_iter().map(|state| (state.id.clone(), state)).collect();
    let queues = store.queues().await?;
    let failing_after = config.poll.failing_after;
    let feeds: Vec<FeedStatus> =
        config.poll.feeds.iter().map(|feed| feed_status(feed, states.get(&feed.id), failing_after)).collect();
    let notifiers: Vec<NotifierStatus> = config
        .notify
        .notifiers
        .iter()
        .map(|notifier| {
            notifier_status(notifier, queues.iter().find(|queue| queue.notifier == notifier.name))
        })
        .collect();
    let ok = !feeds.iter().any(|feed| feed.needs_person)
        && !notifiers.iter().any(|notifier| notifier.needs_person);
    Ok(Status { ok, feeds, notifiers })
}

fn feed_status(feed: &Feed, state: Option<&FeedState>, failing_after: u32) -> FeedStatus {
    let health = state.map(|state| state.health(failing_after));
    let time = |pick: fn(&FeedState) -> Option<Timestamp>| state.and_then(pick).map(rfc3339);
    let url = feed.display_url();
    FeedStatus {
        id: feed.id.clone(),
        name: feed.name.clone().or_else(|| state?.title.clone()).unwrap_or_else(|| url.clone()),
        url,
        state: match health {
            _ if !feed.enabled => FeedCondition::Disabled,
            Some(health) => health.condition,
            None => FeedCondition::New,
        },
        needs_person: feed.enabled && health.is_some_and(|health| health.needs_person),
        next_poll: time(|state| state.next_poll),
        reason: state.map_or("first", |state| state.reason.as_str()),
        error: state.and_then(|state| state.error.clone()),
        last_outcome: state.and_then(|state| state.last_outcome).map(PollOutcome::as_str),
        last_status: state.and_then(|state| state.last_status),
        last_attempt: time(|state| state.last_attempt),
        last_success: time(|state| state.last_success),
        consecutive_failures: state.map_or(0, |state| state.consecutive_failures),
        failing_since: time(|state| state.failing_since),
        etag: state.is_some_and(|state| state.validators.etag.is_some()),
        last_modified: state.is_some_and(|state| state.validators.last_modified.is_some()),
        polls: state.map_or(0, |state| state.polls),
        not_modified: state.map_or(0, |state| state.not_modified),
    }
}

fn notifier_status(notifier: &Notifier, queue: Option<&Queue>) -> NotifierStatus {
    NotifierStatus {
        name: notifier.name.to_string(),
        state: if notifier.enabled { "active" } else { "disabled" },
        needs_person: queue.is_some_and(Queue::needs_person),
        pending: queue.map_or(0, |queue| queue.pending),
        dead: queue.map_or(0, |queue| queue.dead),
        held_back: queue.map_or(0, |queue| queue.held_back),
        oldest_pending_seconds: queue.and_then(|queue| queue.oldest_pending_seconds),
        next_attempt: queue.and_then(|queue| queue.next_attempt).map(rfc3339),
        last_delivered: queue.and_then(|queue| queue.last_delivered).map(rfc3339),
        reason: queue.and_then(|queue| queue.reason.clone()),
    }
}

impl Status {
    /// For people: what needs them first, then a line each.
    fn to_text(&self) -> String {
        let mut text = String::new();
        let in_need = self.feeds.iter().filter(|feed| feed.needs_person).count()
            + self.notifiers.iter().filter(|notifier| notifier.needs_person).count();
        // Writing to a string cannot fail.
        let _ = match in_need {
            0 => {
                let (feeds, notifiers) = (self.feeds.len(), self.notifiers.len());
                writeln!(text, "All is well: {}, {}.", count(feeds, "feed"), count(notifiers, "notifier"))
            }
            1 => writeln!(text, "1 thing needs you."),
            n => writeln!(text, "{n} things need you."),
        };
        let _ = writeln!(text, "\nFEEDS");
        for feed in ordered(&self.feeds, |feed| feed.needs_person) {
            let _ = writeln!(text, "{}", feed.line());
        }
        let _ = writeln!(text, "\nNOTIFIERS");
        for notifier in ordered(&self.notifiers, |notifier| notifier.needs_person) {
            let _ = writeln!(text, "{}", notifier.line());
        }
        text
    }
}

/// Those that need a person first, else in the order of the configuration.
fn ordered<T>(items: &[T], needs_person: fn(&T) -> bool) -> impl Iterator<Item = &T> {
    items
        .iter()
        .filter(move |item| needs_person(item))
        .chain(items.iter().filter(move |item| !needs_person(item)))
}

impl FeedStatus {
    fn line(&self) -> String {
        let mark = if self.needs_person { '!' } else { ' ' };
        let mut line = format!("{mark} {:<8} {}", self.state.as_str(), self.name);
        if self.name != self.url {
            let _ = write!(line, "  {}", self.url);
        }
        let never = || "never".to_owned();
        let _ = write!(
            line,
            "\n    last success {}, next poll {} ({})",
            self.last_success.clone().unwrap_or_else(never),
            self.next_poll.clone().unwrap_or_else(never),
            self.reason
        );
        if let Some(error) = &self.error {
            let failures = count(usize::try_from(self.consecutive_failures).unwrap_or(usize::MAX), "failure");
            let _ = write!(line, "\n    {failures}: {error}");
        }
        line
    }
}

impl NotifierStatus {
    fn line(&self) -> String {
        let mark = if self.needs_person { '!' } else { ' ' };
        let mut line = format!("{mark} {:<8} {}: {} waiting", self.state, self.name, self.pending);
        if let Some(age) = self.oldest_pending_seconds {
            let _ = write!(line, " (oldest {age} s)");
        }
        if let Some(next) = &self.next_attempt {
            let _ = write!(line, ", next attempt {next}");
        }
        if self.dead > 0 {
            let _ = write!(line, ", {} dead (`feedwatch redeliver --dead`)", self.dead);
        }
        if let Some(reason) = &self.reason {
            let _ = write!(line, "\n    {reason}");
        }
        line
    }
}

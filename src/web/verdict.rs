//! The whole in one sentence or two: what a person wants to know first. Pure.

use super::{
    overview::{NotifierView, Overview},
    page::text::short,
    readiness::PartReport,
    words::{clock, count},
};
use crate::{model::Timestamp, store::FeedCondition};

/// Deliveries that wait less than this are under way, not late.
const LATE_SECONDS: u64 = 60;
/// Notifiers in trouble that are named.
const NAMED: usize = 2;

/// How it is, on the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// All is well.
    Good,
    /// Something is not as it should be, and may mend itself.
    Fair,
    /// Somebody has to do something.
    Bad,
}

impl Level {
    /// The word in the style sheet.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Fair => "fair",
            Self::Bad => "bad",
        }
    }
}

/// A judgement with its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// How it is.
    pub level: Level,
    /// One sentence for each thing to say, the most important first.
    pub sentences: Vec<(Level, String)>,
}

/// Judges all there is.
pub fn verdict(overview: &Overview<'_>, parts: &[PartReport], now: Timestamp) -> Verdict {
    let mut said: Vec<(Level, String)> = parts.iter().filter_map(part).collect();
    said.push(feeds(overview));
    if !overview.feeds.is_empty() {
        said.extend(deliveries(&overview.notifiers, now));
    }
    let level = said.iter().map(|(level, _)| *level).max().unwrap_or(Level::Good);
    Verdict { level, sentences: said }
}

fn part(part: &PartReport) -> Option<(Level, String)> {
    let trouble = part.trouble.as_deref()?;
    let sentence = match part.name {
        "store" => format!("Nothing can be stored: {trouble}."),
        name => format!("The loop of {name} does not answer: it has {trouble}."),
    };
    Some((Level::Bad, sentence))
}

fn feeds(overview: &Overview<'_>) -> (Level, String) {
    let of = |wanted: FeedCondition| {
        overview.feeds.iter().filter(|feed| feed.health.condition == wanted).count() as u64
    };
    let needy = overview.feeds.iter().filter(|feed| feed.health.needs_person).count() as u64;
    let (failing, disabled, new) =
        (of(FeedCondition::Failing), of(FeedCondition::Disabled), of(FeedCondition::New));
    let all = overview.feeds.len() as u64 - disabled;
    match (all, needy, failing) {
        (0, ..) => (Level::Fair, "No feed is watched yet.".to_owned()),
        (_, 1, _) => (Level::Bad, "1 feed needs you.".to_owned()),
        (_, 2.., _) => (Level::Bad, format!("{needy} feeds need you.")),
        (_, 0, 1..) => (
            Level::Fair,
            format!("{} of {all} feeds are healthy, {failing} will be tried again.", all - failing),
        ),
        _ if new == all => {
            (Level::Good, format!("{} will be asked for the first time now.", count(all, "feed")))
        }
        (1, ..) => (Level::Good, "The one feed is healthy.".to_owned()),
        _ => (Level::Good, format!("All {all} feeds are healthy.")),
    }
}

fn deliveries(notifiers: &[NotifierView<'_>], now: Timestamp) -> Vec<(Level, String)> {
    let mut said: Vec<(Level, String)> = notifiers.iter().filter_map(|one| trouble(one, now)).collect();
    match said.len() {
        0 => return vec![(Level::Good, "Deliveries are up to date.".to_owned())],
        more if more > NAMED => {
            let level = said.iter().skip(NAMED).map(|(level, _)| *level).max().unwrap_or(Level::Fair);
            said.truncate(NAMED);
            said.push((level, format!("{} more in trouble.", count((more - NAMED) as u64, "notifier"))));
        }
        _ => {}
    }
    said
}

fn trouble(view: &NotifierView<'_>, now: Timestamp) -> Option<(Level, String)> {
    let queue = view.queue.as_ref().filter(|_| view.notifier.enabled)?;
    let (name, level) =
        (short(view.notifier.name.as_str(), 60), if view.needs_person() { Level::Bad } else { Level::Fair });
    let reason =
        queue.reason.as_deref().map(|reason| format!(": {}", short(reason, 120))).unwrap_or_default();
    let late = queue.oldest_pending_seconds.filter(|age| *age >= LATE_SECONDS);
    if let Some(age) = late {
        let since = now - std::time::Duration::from_secs(age);
        let (deliveries, wait) =
            (count(queue.pending, "delivery"), if queue.pending == 1 { "waits" } else { "wait" });
        let deliveries = deliveries.replace("deliverys", "deliveries");
        return Some((level, format!("{deliveries} to {name} {wait} since {}{reason}.", clock(since, now))));
    }
    if queue.health.is_trouble() {
        return Some((level, format!("Deliveries to {name} are held up{reason}.")));
    }
    let given_up = queue.dead + queue.held_back;
    match given_up {
        0 => None,
        1 => Some((level, format!("1 delivery to {name} was given up{reason}."))),
        _ => Some((level, format!("{given_up} deliveries to {name} were given up{reason}."))),
    }
}

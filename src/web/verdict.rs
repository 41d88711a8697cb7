//! The whole in one sentence or two: what a person wants to know first. Pure.

use super::{
    overview::{NotifierView, Overview},
    page::text::short,
    readiness::PartReport,
    words::{clock, count},
};
use crate::{
    model::Timestamp,
    store::{FeedCondition, Queue},
};

/// Deliveries that wait less than this are under way, not late.
const LATE_SECONDS: u64 = 60;
/// Characters of a reason in the sentence.
const REASON: usize = 80;

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
    said.extend(overview.congestion().map(|(waiting, most)| {
        (Level::Bad, format!("Polling pauses: {waiting} deliveries wait, notify.max_pending is {most}."))
    }));
    said.push(feeds(overview));
    if overview.feed_count() > 0 {
        said.push(deliveries(&overview.notifiers, now));
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
    let of = |condition| overview.count(condition);
    let (needy, failing) = (overview.needy_count() as u64, of(FeedCondition::Failing));
    let silent = of(FeedCondition::Silent);
    let all = overview.feed_count() as u64 - of(FeedCondition::Disabled);
    match (all, needy, failing) {
        (0, ..) => (Level::Fair, "No feed is watched yet.".to_owned()),
        (_, 1, _) => (Level::Bad, "1 feed needs you.".to_owned()),
        (_, 2.., _) => (Level::Bad, format!("{needy} feeds need you.")),
        (_, 0, 1..) => (
            Level::Fair,
            format!("{} of {all} feeds are healthy, {failing} will be tried again.", all - failing),
        ),
        _ if of(FeedCondition::New) == all => {
            (Level::Good, format!("{} will be asked for the first time now.", count(all, "feed")))
        }
        _ if silent > 0 => {
            let is = if silent == 1 { "is" } else { "are" };
            (Level::Good, format!("All {all} feeds answer, {silent} {is} quieter than usual."))
        }
        (1, ..) => (Level::Good, "The one feed is healthy.".to_owned()),
        _ => (Level::Good, format!("All {all} feeds are healthy.")),
    }
}

/// One notifier in trouble is named with its reason; of several it is told how much waits, the reasons stand beside them.
fn deliveries(notifiers: &[NotifierView<'_>], now: Timestamp) -> (Level, String) {
    let mut troubled: Vec<_> =
        notifiers.iter().filter_map(|view| Some((view.queue?, trouble(view, now)?))).collect();
    match troubled.as_slice() {
        [] => (Level::Good, "Deliveries are up to date.".to_owned()),
        [_] => troubled.remove(0).1,
        several => {
            let level = several.iter().map(|(_, (level, _))| *level).max().unwrap_or(Level::Fair);
            let sum = |of: fn(&Queue) -> u64| several.iter().map(|(queue, _)| of(queue)).sum::<u64>();
            let (waiting, given_up) = (sum(|queue| queue.pending), sum(|queue| queue.dead + queue.held_back));
            let what = match (waiting, given_up) {
                (0, 0) => String::new(),
                (0, _) => format!(": {} given up", amount(given_up)),
                (_, 0) => format!(": {} {}", amount(waiting), if waiting == 1 { "waits" } else { "wait" }),
                _ => format!(
                    ": {} {}, {given_up} given up",
                    amount(waiting),
                    if waiting == 1 { "waits" } else { "wait" }
                ),
            };
            (level, format!("{} notifiers are in trouble{what}.", several.len()))
        }
    }
}

/// `1 delivery`, `2 deliveries`.
fn amount(deliveries: u64) -> String {
    if deliveries == 1 { "1 delivery".to_owned() } else { format!("{deliveries} deliveries") }
}

fn trouble(view: &NotifierView<'_>, now: Timestamp) -> Option<(Level, String)> {
    let (queue, name) = (view.queue?, short(view.name.as_str(), 60));
    let level = if view.needs_person() { Level::Bad } else { Level::Fair };
    let reason =
        queue.reason.as_deref().map(|reason| format!(": {}", short(reason, REASON))).unwrap_or_default();
    let late = queue.oldest_pending_seconds.filter(|age| *age >= LATE_SECONDS && view.is_enabled());
    if let Some(age) = late {
        let since = now - std::time::Duration::from_secs(age);
        let (deliveries, wait) = (amount(queue.pending), if queue.pending == 1 { "waits" } else { "wait" });
        return Some((level, format!("{deliveries} to {name} {wait} since {}{reason}.", clock(since, now))));
    }
    if view.is_trouble() {
        return Some((level, format!("Deliveries to {name} are held up{reason}.")));
    }
    if !view.needs_person() {
        return None;
    }
    let were = |count| if count == 1 { "was" } else { "were" };
    let said = match (queue.dead, queue.held_back) {
        (0, 0) => format!("{name} needs you{reason}."),
        (dead, 0) => format!("{} to {name} {} given up{reason}.", amount(dead), were(dead)),
        (0, held) => format!("{} to {name} {} held back: too many at once.", amount(held), were(held)),
        (dead, held) => {
            format!("{} to {name} {} given up, {held} held back{reason}.", amount(dead), were(dead))
        }
    };
    Some((level, said))
}

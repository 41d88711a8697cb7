//! What is learned about when a feed publishes: how often, at which hours, in which minutes, and how often a topic is found in it
//! (specs/polling.md, Part 2 §2). Pure; times are seconds since 1970 (UTC).

use super::{
    forecast::{Forecast, Rates},
    profile::{Hours, Minutes},
    stamps::{self, Sighting},
};

const HOUR: f64 = 3600.0;
const DAY: f64 = 24.0 * HOUR;
/// In so long the slow and the quick memory forget to 1/e.
const SLOW: f64 = 28.0 * DAY;
const QUICK: f64 = 2.0 * DAY;
/// What is expected of a feed that nobody knows: so many articles in so long. It is watched closely for a day.
const PRIOR_ARTICLES: f64 = 0.5;
const PRIOR_SPAN: f64 = 6.0 * HOUR;
/// For so long the slow rate speaks for the quick one.
const QUICK_PRIOR_SPAN: f64 = HOUR;
/// Each feed counts as if it published so much more, in articles per second: a tenth of an article a day. Weighing
/// articles alone, the rarest feeds would wait for the sake of the busy ones. Measured, waits up to 3 h (24 h): the
/// mean of the feeds' means falls from 37 to 33 (62 to 44) minutes, the mean over articles stays 8.3 (6.6 becomes 6.8).
const PRESENCE: f64 = 0.1 / DAY;
/// For so many articles the share of flagged ones in all feeds speaks for one feed.
const FLAGGED_PRIOR: f64 = 20.0;
/// A feed in which topics are found more often than in others counts up to four times, one without any half.
const WORTH: (f64, f64) = (0.5, 4.0);
/// Beyond so many articles they and the flagged ones are halved: old habits fade.
const WORTH_MEMORY: u16 = 2000;

/// The learned rhythm of one feed: a few dozen bytes, kept with the feed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rhythm {
    /// Since when it is known to publish: its first stamp, else the first poll. 0: never polled.
    pub(super) first: u32,
    /// The newest stamp, at which the counts stand: they decay from stamp to stamp.
    pub(super) newest: u32,
    /// The last poll that taught.
    pub(super) polled: u32,
    /// Articles, forgotten slowly.
    pub(super) slow: f32,
    /// Articles, forgotten quickly.
    pub(super) quick: f32,
    /// How long after its stamp an article appears, in seconds.
    pub(super) lag: u16,
    /// Entries that the feed last showed. 0: not known.
    pub(super) window: u16,
    /// Articles of late, and in how many of them a topic was found.
    pub(super) articles: u16,
    pub(super) flagged: u16,
    pub(super) hours: Hours,
    pub(super) minutes: Minutes,
}

/// What a good answer brought.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lesson<'a> {
    /// The stamps of the articles that were new; `None` where an article had none. An edited article is not new.
    pub stamps: &'a [Option<f64>],
    /// Entries in the document, if there was one.
    pub window: usize,
    /// New articles in which a topic was found.
    pub flagged: usize,
}

impl Rhythm {
    /// Learns from a poll that was well answered, also from one that brought nothing. Failures do not teach.
    pub fn learn(&mut self, now: f64, lesson: &Lesson<'_>) {
        self.forget_the_future(now);
        let previous = (self.polled > 0).then_some(f64::from(self.polled));
        let judged = lesson.stamps.iter().map(|stamp| stamps::judge(*stamp, previous, now));
        let mut sightings: Vec<Sighting> = judged.collect();
        sightings.sort_unstable_by(|a, b| a.at.total_cmp(&b.at));
        for sighting in sightings {
            self.count(sighting.at);
            if sighting.is_plausible {
                self.hours.count(sighting.at);
                self.minutes.count(sighting.at);
                if let Some(previous) = previous {
                    self.lag = stamps::lag(self.lag, sighting.at, previous, now);
                }
            }
        }
        self.count_flagged(lesson);
        if lesson.window > 0 {
            self.window = u16::try_from(lesson.window).unwrap_or(u16::MAX);
        }
        self.polled = whole(now);
        if self.first == 0 {
            (self.first, self.newest) = (self.polled, self.polled);
        }
    }

    /// After a jump of the clock nothing may lie in the future.
    fn forget_the_future(&mut self, now: f64) {
        let now = whole(now);
        for time in [&mut self.first, &mut self.newest, &mut self.polled] {
            *time = (*time).min(now);
        }
    }

    /// Counts an article. The very first one opens the time over which the slow memory counts, and is not part of it.
    fn count(&mut self, at: f64) {
        if self.first == 0 {
            (self.first, self.newest, self.quick) = (whole(at), whole(at), 1.0);
            return;
        }
        let since = at - f64::from(self.newest);
        self.slow = one_more(self.slow, since / SLOW);
        self.quick = one_more(self.quick, since / QUICK);
        self.newest = self.newest.max(whole(at));
    }

    fn count_flagged(&mut self, lesson: &Lesson<'_>) {
        let small = |count: usize| u16::try_from(count).unwrap_or(WORTH_MEMORY).min(WORTH_MEMORY);
        self.articles += small(lesson.stamps.len());
        self.flagged = (self.flagged + small(lesson.flagged)).min(self.articles);
        while self.articles > WORTH_MEMORY {
            self.articles /= 2;
            self.flagged /= 2;
        }
    }

    /// Articles per second over the last weeks.
    pub fn slow_rate(&self, now: f64) -> f64 {
        (PRIOR_ARTICLES + self.standing(self.slow, SLOW, now)) / (PRIOR_SPAN + self.exposure(SLOW, now))
    }

    /// Articles per second to be expected.
    pub fn rate(&self, now: f64) -> f64 {
        let slow = self.slow_rate(now);
        let quick = (self.standing(self.quick, QUICK, now) + slow * QUICK_PRIOR_SPAN)
            / (self.exposure(QUICK, now) + QUICK_PRIOR_SPAN);
        f64::midpoint(slow, quick)
    }

    /// How much a second of delay of an article of this feed counts, where 1 is the mean: more, if a topic is found
    /// in more of its articles than in those of all feeds' (`flagged_share`).
    pub fn worth(&self, flagged_share: f64) -> f64 {
        if flagged_share <= 0.0 {
            return 1.0;
        }
        let own = (f64::from(self.flagged) + FLAGGED_PRIOR * flagged_share)
            / (f64::from(self.articles) + FLAGGED_PRIOR);
        (own / flagged_share).clamp(WORTH.0, WORTH.1)
    }

    /// The feed's part in the price: the root of its slow rate as it counts.
    pub fn share(&self, now: f64, flagged_share: f64) -> f64 {
        (self.worth(flagged_share) * self.slow_rate(now) + PRESENCE).sqrt()
    }

    /// What to expect from now on.
    pub fn forecast(&self, now: f64, flagged_share: f64) -> Forecast {
        let articles = self.rate(now);
        let weighed = self.worth(flagged_share) * articles + PRESENCE;
        let rates = Rates { articles, weighed, window: self.window, lag: f64::from(self.lag) };
        Forecast::new(&rates, &self.hours, &self.minutes)
    }

    /// A count as it stands now.
    fn standing(&self, count: f32, memory: f64, now: f64) -> f64 {
        let since = (now - f64::from(self.newest)).max(0.0);
        f64::from(count) * (-since / memory).exp()
    }

    /// How much of the time so far a memory still holds, in seconds.
    fn exposure(&self, memory: f64, now: f64) -> f64 {
        let known = if self.first == 0 { 0.0 } else { (now - f64::from(self.first)).max(0.0) };
        memory * -(-known / memory).exp_m1()
    }
}

/// A count and one more article, `since` memories after the newest one; before it if negative.
#[expect(clippy::cast_possible_truncation, reason = "a count of articles")]
fn one_more(count: f32, since: f64) -> f32 {
    let count = f64::from(count);
    (if since >= 0.0 { count * (-since).exp() + 1.0 } else { count + since.exp() }) as f32
}

/// Whole seconds, as they are kept; 0 means never.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped; good until 2106")]
fn whole(at: f64) -> u32 {
    at.clamp(1.0, f64::from(u32::MAX)) as u32
}

#[cfg(test)]
#[path = "rhythm_tests.rs"]
mod tests;

//! The daemon's own scheduler in simulated time: [`feedwatch::poll::schedule`], its controller, cap and jitter included.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
    time::Duration,
};

use feedwatch::{
    model::{FeedId, Flock, Reason, Timestamp},
    poll::{
        Wait, chance,
        schedule::{self, Bucket, Lesson, Market, Rhythm},
    },
};

use super::{
    arguments::Arguments,
    figures::{Figures, Poll, Watched},
    trace::Trace,
};

/// A planned Poll: when it is due, in milliseconds, and the place of its feed.
type Due = Reverse<(i64, usize)>;

/// The daemon, as far as planning goes.
struct Daemon<'a> {
    arguments: &'a Arguments,
    rhythms: Vec<Rhythm>,
    /// Each feed's part in the price; 0 until its first Poll.
    shares: Vec<f64>,
    market: Market,
    bucket: Bucket,
    planned: BinaryHeap<Due>,
    /// Due, and held by the bucket.
    held: VecDeque<(i64, usize)>,
}

/// Replays a trace: the Polls in their order, the figures, and what was learned of each feed.
pub fn replay(trace: &Trace, arguments: &Arguments) -> (Vec<Poll>, Figures, Vec<Rhythm>) {
    let mut watched = Watched::all(trace, arguments);
    let mut daemon = Daemon::new(&watched, arguments);
    let mut polls = Vec::new();
    let mut now = arguments.from * 1000;
    while let Some((at, feed)) = daemon.next(now) {
        now = at;
        if now >= arguments.to * 1000 {
            break;
        }
        polls.push(Poll { feed: watched[feed].feed.id, at });
        let stamps = watched[feed].poll(at);
        daemon.polled(feed, at, stamps, &watched[feed]);
    }
    (polls, Figures::of(&watched, arguments), daemon.rhythms)
}

impl<'a> Daemon<'a> {
    fn new(watched: &[Watched<'_>], arguments: &'a Arguments) -> Self {
        let start = arguments.from as f64;
        let first = |(feed, watched): (usize, &Watched<'_>)| Reverse((watched.start * 1000, feed));
        Self {
            arguments,
            rhythms: vec![Rhythm::default(); watched.len()],
            shares: vec![0.0; watched.len()],
            market: Market::new(start, Flock::default()),
            bucket: Bucket::full(start),
            planned: watched.iter().enumerate().map(first).collect(),
            held: VecDeque::new(),
        }
    }

    /// The next Poll and its feed. First Polls are free of the bucket; those that it holds go in due order.
    fn next(&mut self, mut now: i64) -> Option<(i64, usize)> {
        loop {
            let allowed = self.market.flock.poll_rate(self.arguments.settings.budget);
            if let Some((_, feed)) = self.held.front().copied() {
                let opens = now + (self.bucket.opens_in(seconds(now), allowed) * 1000.0).ceil() as i64;
                if self.planned.peek().is_none_or(|Reverse((due, _))| *due > opens) {
                    self.held.pop_front();
                    self.bucket.take();
                    return Some((opens, feed));
                }
            }
            let Reverse((due, feed)) = self.planned.pop()?;
            now = now.max(due);
            if self.shares[feed] == 0.0 {
                return Some((now, feed));
            }
            if self.held.is_empty() && self.bucket.opens_in(seconds(now), allowed) <= 0.0 {
                self.bucket.take();
                return Some((now, feed));
            }
            self.held.push_back((due, feed));
        }
    }

    /// Learns from a Poll and plans the next one of its feed.
    fn polled(&mut self, feed: usize, at: i64, stamps: &[i64], watched: &Watched<'_>) {
        let (time, settings) = (timestamp(at), &self.arguments.settings);
        let now = schedule::seconds(time);
        let stamps: Vec<Option<f64>> = stamps.iter().map(|stamp| Some(*stamp as f64)).collect();
        let rhythm = &mut self.rhythms[feed];
        rhythm.learn(now, &Lesson { stamps: &stamps, window: watched.feed.window, flagged: 0 });
        let share = rhythm.share(now, self.market.flock.flagged_share());
        self.market = self.market.with(self.shares[feed], share);
        self.shares[feed] = share;
        self.market.flock.polls += 1;
        if self.market.controller.is_due(now) {
            self.market.controller.step(now, &self.market.flock, settings.budget);
        }
        let chosen = schedule::chosen_wait(rhythm, &self.market, time, Duration::ZERO, settings);
        let id = FeedId::new(watched.feed.id.to_string());
        let wait = Wait::new(chosen, Reason::Learned).by(chance(&id, watched.polls));
        self.planned.push(Reverse((at + wait.as_millis() as i64, feed)));
    }
}

fn seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}

fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_timestamp_millis(millis).expect("a time of our era")
}

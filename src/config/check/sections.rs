//! The tables that are there once: `[store]`, `[http]`, `[read]`, `[poll]`, `[notify]`, `[server]`, `[log]`.

use std::{path::PathBuf, time::Duration};

use super::{
    super::{
        problem::Problem,
        raw::{At, RawHost, RawHttp, RawNotify, RawPoll, RawRead, RawStore, Size},
    },
    Checker,
    location::in_state,
};
use crate::{
    http,
    model::Feed,
    notify,
    poll::{self, hosts, schedule::PUBLIC_FLOOR},
    read, store,
};

/// The shortest lease of a host that makes sense (specs/storage.md §8).
const SHORTEST_LEASE: Duration = Duration::from_secs(2);
const DAY: Duration = Duration::from_hours(24);

impl Checker<'_> {
    pub(super) fn store(&mut self, raw: &RawStore, notify: &RawNotify) -> store::Settings {
        let mut settings = default_store(self.secrets.env.state_directory());
        if let Some(url) = &raw.url
            && let Some(location) = self.location(url)
        {
            settings.location = location;
        }
        self.positive(&mut settings.retention, raw.retention.as_ref());
        self.positive(&mut settings.seen_retention, raw.seen_retention.as_ref());
        self.at_least(&mut settings.lease, raw.lease.as_ref(), SHORTEST_LEASE);
        self.positive(&mut settings.keep_delivered, notify.keep_delivered.as_ref());
        self.positive(&mut settings.keep_dead, notify.keep_dead.as_ref());
        self.number(&mut settings.connections, raw.connections.as_ref());
        settings
    }

    pub(super) fn http(&mut self, raw: RawHttp) -> http::Settings {
        let mut settings = http::Settings::default();
        if let Some(contact) = raw.contact {
            if contact.value.chars().any(|c| c.is_control() || matches!(c, '(' | ')'))
                || !contact.value.is_ascii()
            {
                let message = "http.contact: goes into a header: ASCII without parentheses and line breaks";
                self.push(contact.error(message).help(r#"an address, as in "you@example.org""#));
            }
            settings.contact = contact.value;
        }
        self.positive(&mut settings.timeout, raw.timeout.as_ref());
        self.size(&mut settings.max_body, raw.max_body.as_ref());
        self.size(&mut settings.max_wire, raw.max_wire.as_ref());
        self.number(&mut settings.max_in_flight, raw.max_in_flight.as_ref());
        for network in raw.allow_private.into_iter().flat_map(|list| list.value) {
            if http::classify(network.value.addr()) == Some(http::Class::LinkLocal) {
                self.push(network.warning("http.allow_private: link-local addresses are never asked"));
            }
            settings.allow_private.push(network.value);
        }
        settings
    }

    pub(super) fn read(&mut self, raw: &RawRead, max_body: usize) -> read::Limits {
        let mut limits = read::Limits { max_body, ..read::Limits::default() };
        self.number(&mut limits.max_entries, raw.max_entries.as_ref());
        self.number(&mut limits.max_depth, raw.max_depth.as_ref());
        self.number(&mut limits.max_attributes, raw.max_attributes.as_ref());
        self.size(&mut limits.max_text, raw.max_text.as_ref());
        self.number(&mut limits.max_tags, raw.max_tags.as_ref());
        self.size(&mut limits.max_entity_text, raw.max_entity_text.as_ref());
        limits
    }

    pub(super) fn poll(&mut self, raw: &RawPoll, feeds: Vec<Feed>, hosts: &[At<RawHost>]) -> poll::Settings {
        let mut settings = poll::Settings { hosts: self.hosts(hosts), feeds, ..poll::Settings::default() };
        if let Some(budget) = &raw.budget {
            if budget.value <= 0.0 {
                self.push(
                    budget.error("poll.budget: must be more than 0").help("24 is once an hour on average"),
                );
            } else {
                settings.budget = budget.value;
            }
        }
        self.positive(&mut settings.min_interval, raw.min_interval.as_ref());
        self.positive(&mut settings.max_interval, raw.max_interval.as_ref());
        if let Some(first_alerts) = &raw.first_alerts {
            settings.first_alerts = first_alerts.value;
        }
        let mut failing_after = settings.failing_after as usize;
        self.number(&mut failing_after, raw.failing_after.as_ref());
        settings.failing_after = u32::try_from(failing_after).unwrap_or(u32::MAX);
        self.intervals(raw, &settings);
        settings
    }

    /// How budget and intervals fit each other (specs/polling.md §1; part 2 §5).
    fn intervals(&mut self, raw: &RawPoll, settings: &poll::Settings) {
        let (min, max) = (settings.min_interval, settings.max_interval);
        if min > max {
            let written = raw.min_interval.as_ref().or(raw.max_interval.as_ref());
            if let Some(at) = written {
                let (min, max) = (humantime::format_duration(min), humantime::format_duration(max));
                let message = format!("poll.min_interval ({min}) is longer than poll.max_interval ({max})");
                self.push(at.error(message));
            }
            return;
        }
        if let Some(at) = raw.min_interval.as_ref().filter(|_| min < PUBLIC_FLOOR)
            && settings.feeds.iter().any(|feed| hosts::is_public(&feed.location))
        {
            let message =
                "poll.min_interval: public hosts are asked every 15 minutes at most, whatever this says";
            self.push(at.warning(message));
        }
        let (fewest, most) = (DAY.as_secs_f64() / max.as_secs_f64(), DAY.as_secs_f64() / min.as_secs_f64());
        if (fewest..=most).contains(&settings.budget) {
            return;
        }
        let message = format!(
            "poll.budget: {} polls a day do not fit min_interval and max_interval, which allow {fewest:.0} to {most:.0}",
            settings.budget
        );
        let interval = raw.max_interval.as_ref().or(raw.min_interval.as_ref());
        match (&raw.budget, interval) {
            (Some(budget), _) => self.push(budget.warning(message)),
            (None, Some(interval)) => self.push(interval.warning(message)),
            (None, None) => {}
        }
    }

    pub(super) fn notify(&mut self, raw: &RawNotify) -> notify::Settings {
        let mut settings = notify::Settings::default();
        self.positive(&mut settings.max_age, raw.max_age.as_ref());
        if let Some(retry) = &raw.retry {
            self.retry(&mut settings.retry, retry);
        }
        if let Some(drain) = &raw.drain {
            settings.drain = drain.value;
        }
        self.positive(&mut settings.timeout, raw.timeout.as_ref());
        self.positive(&mut settings.connect_timeout, raw.connect_timeout.as_ref());
        self.number(&mut settings.max_in_flight, raw.max_in_flight.as_ref());
        // A claim must outlive the attempt it is for.
        settings.lease = settings.lease.max(2 * settings.timeout);
        self.at_least(&mut settings.lease, raw.lease.as_ref(), 2 * settings.timeout);
        self.positive(&mut settings.probe, raw.probe.as_ref());
        self.positive(&mut settings.breaker, raw.breaker.as_ref());
        self.number(&mut settings.max_pending, raw.max_pending.as_ref());
        settings
    }

    fn retry(&mut self, target: &mut Vec<Duration>, written: &At<Vec<At<Duration>>>) {
        if written.value.is_empty() && !self.is_broken {
            self.push(
                written.error("notify.retry: the list is empty").help(r#"at least one wait, as in ["30s"]"#),
            );
        }
        for wait in written.value.iter().filter(|wait| wait.value.is_zero()) {
            self.push(wait.error("notify.retry: a wait must be longer than 0s"));
        }
        *target = written.value.iter().map(|wait| wait.value).collect();
    }

    pub(super) fn positive(&mut self, target: &mut Duration, written: Option<&At<Duration>>) {
        self.set(target, written, |wait| !wait.is_zero(), "must be longer than 0s");
    }

    fn at_least(&mut self, target: &mut Duration, written: Option<&At<Duration>>, least: Duration) {
        let message = format!("must be at least {}", humantime::format_duration(least));
        self.set(target, written, |wait| *wait >= least, &message);
    }

    pub(super) fn number(&mut self, target: &mut usize, written: Option<&At<usize>>) {
        self.set(target, written, |number| *number > 0, "must be at least 1");
    }

    fn size(&mut self, target: &mut usize, written: Option<&At<Size>>) {
        let bytes = written.map(|size| size.with(size.value.0));
        self.set(target, bytes.as_ref(), |bytes| *bytes > 0, "must be at least 1 byte");
    }

    fn set<T: Copy>(
        &mut self,
        target: &mut T,
        written: Option<&At<T>>,
        is_right: impl Fn(&T) -> bool,
        rule: &str,
    ) {
        match written {
            Some(at) if is_right(&at.value) => *target = at.value,
            Some(at) => {
                let problem: Problem = at.error(format!("{}: {rule}", at.key));
                self.push(problem);
            }
            None => {}
        }
    }
}

/// `[store]` when nothing is written.
fn default_store(state_directory: Option<PathBuf>) -> store::Settings {
    store::Settings {
        location: store::Location::Sqlite(in_state(state_directory, "feedwatch.db")),
        retention: 30 * DAY,
        seen_retention: 180 * DAY,
        lease: Duration::from_secs(30),
        connections: 8,
        keep_delivered: 7 * DAY,
        keep_dead: 30 * DAY,
    }
}

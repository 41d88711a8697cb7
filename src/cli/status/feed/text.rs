//! A feed of `status` in words: a line, and what else is to say.

use super::FeedStatus;
use crate::{app::count, store::ReadingTrouble};

impl FeedStatus {
    /// For people: how it is, when it is asked next, and what is out of the ordinary.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.head()];
        lines.push(format!("    last success {}, next poll {}", self.last(), self.next()));
        lines.extend((self.polls > 0).then(|| format!("    {}", self.costs())));
        lines.extend(self.notes().into_iter().map(|note| format!("    {note}")));
        lines
    }

    /// The same on a line or two: what is wrong, if anything is.
    pub fn short(&self) -> Vec<String> {
        // Month, day, hour and minute of an RFC 3339 time.
        let next = self.next_poll.as_deref().and_then(|at| at.get(5..16)).map(|at| at.replace('T', " "));
        let next = next.unwrap_or_else(|| "never".to_owned());
        let head = format!("{}  next {next} ({})", self.headline(), self.reason);
        let note = self.needs_person.then(|| self.notes().into_iter().next()).flatten();
        [head].into_iter().chain(note.map(|note| format!("    {note}"))).collect()
    }

    fn head(&self) -> String {
        let url = if self.name == self.url { String::new() } else { format!("  {}", self.url) };
        self.headline() + &url
    }

    fn headline(&self) -> String {
        let mark = if self.needs_person { '!' } else { ' ' };
        format!("{mark} {:<8} {}", self.state.as_str(), self.name)
    }

    fn last(&self) -> &str {
        self.last_success.as_deref().unwrap_or("never")
    }

    fn next(&self) -> String {
        format!("{} ({})", self.next_poll.as_deref().unwrap_or("never"), self.reason)
    }

    /// `12 polls, 83 % not modified, 48.1 KiB, etag and last-modified`.
    fn costs(&self) -> String {
        let polls = count(usize::try_from(self.polls).unwrap_or(usize::MAX), "poll");
        let validators = match (self.etag, self.last_modified) {
            (true, true) => "etag and last-modified",
            (true, false) => "etag",
            (false, true) => "last-modified",
            (false, false) => "no validators",
        };
        let broken =
            if (self.etag || self.last_modified) && !self.validators_work { " (broken)" } else { "" };
        let status = self.last_status.map(|status| format!("status {status}, ")).unwrap_or_default();
        format!(
            "{status}{polls}, {:.0} % not modified, {}, {validators}{broken}",
            self.not_modified_share * 100.0,
            bytesize::ByteSize(self.bytes)
        )
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(error) = &self.error {
            let failures = count(usize::try_from(self.consecutive_failures).unwrap_or(usize::MAX), "failure");
            let failures =
                if self.consecutive_failures > 0 { format!("{failures}: ") } else { String::new() };
            notes.push(format!("{failures}{error}"));
        }
        for hint in &self.hints {
            let capped = if hint.capped { ", capped" } else { "" };
            let ignored = if self.hints_ignored { ", ignored" } else { "" };
            notes.push(format!("asks to wait: {} {} s{capped}{ignored}", hint.rule, hint.seconds));
        }
        if !self.skip_hours.is_empty() || !self.skip_days.is_empty() {
            let hours = self.skip_hours.iter().map(|hour| format!("{hour:02}:00"));
            let skipped: Vec<String> = hours.chain(self.skip_days.iter().map(ToString::to_string)).collect();
            let ignored = if self.hints_ignored { ", ignored" } else { "" };
            notes.push(format!("skips (GMT) {}{ignored}", skipped.join(" ")));
        }
        notes.extend(self.moved_to.as_ref().map(|to| format!("moved to {to}: change its url")));
        notes.extend(self.redirect_observed.as_ref().map(|observed| {
            let polls = count(observed.polls as usize, "poll");
            format!("may have moved to {} ({polls} since {})", observed.to, observed.since)
        }));
        notes.extend(self.silent_since.as_ref().map(|since| format!("no new article since {since}")));
        if let Some(gap) = &self.last_gap {
            notes.push(format!("possible gap {} to {} ({} so far)", gap.from, gap.to, self.gaps));
        }
        notes.extend(self.troubles.iter().map(|trouble| match &self.empty_since {
            Some(since) if *trouble == ReadingTrouble::Empty.as_str() => format!("{trouble} (since {since})"),
            _ => (*trouble).to_owned(),
        }));
        let mended: Vec<&str> = self.reading.repairs.keys().map(String::as_str).collect();
        if !mended.is_empty() {
            notes.push(format!(
                "its document had to be mended: {} (`feedwatch parse` tells more)",
                mended.join(", ")
            ));
        }
        let limits: Vec<&str> = self.reading.limits.keys().map(String::as_str).collect();
        if !limits.is_empty() {
            notes.push(format!("part of its document is left out by {}", limits.join(", ")));
        }
        notes.extend(self.host_closed.as_ref().map(|closed| {
            let why = closed.why.as_deref().unwrap_or("it asked for patience");
            format!("its host is left alone until {}: {why}", closed.until)
        }));
        notes
    }
}

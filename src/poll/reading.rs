//! What is remembered of how documents are read. Pure.

use std::collections::BTreeMap;

use crate::{model::Reading, read::Report};

/// What to remember after a document, read now or, `None`, byte for byte the last one.
pub fn after(before: &Reading, report: Option<&Report>) -> Reading {
    let now = report.map_or_else(|| before.clone(), of);
    let unreadable_polls = if now.unreadable > 0 { before.unreadable_polls.saturating_add(1) } else { 0 };
    Reading { unreadable_polls, ..now }
}

/// Whether the last document has entries that were left out and would be read now: `max_entries` was raised.
pub fn may_show_more(reading: &Reading, max_entries: usize) -> bool {
    reading.cut_after.is_some_and(|cut_after| cut_after < max_entries)
}

fn of(report: &Report) -> Reading {
    let repairs = report.repairs.iter().map(|(repair, times)| (repair.as_str().to_owned(), *times));
    let limits = report.limits.iter().map(|(limit, times)| (limit.key().to_owned(), *times));
    Reading {
        encoding: report.encoding.to_owned(),
        repairs: repairs.collect(),
        limits: limits.collect::<BTreeMap<_, _>>(),
        cut_after: report.cut_after,
        unreadable: report.unreadable,
        undated: report.undated,
        unreadable_polls: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::{Limit, Repair};

    fn report(unreadable: u32) -> Report {
        Report {
            encoding: "UTF-8",
            repairs: BTreeMap::from([(Repair::Ampersand, 2)]),
            limits: BTreeMap::from([(Limit::Tags, 1)]),
            unreadable,
            ..Report::default()
        }
    }

    #[test]
    fn what_was_mended_and_which_limit_bit_is_remembered() {
        let reading = after(&Reading::default(), Some(&report(0)));
        assert_eq!((reading.repairs["ampersand"], reading.limits["read.max_tags"]), (2, 1));
        assert_eq!((reading.encoding.as_str(), reading.unreadable_polls), ("UTF-8", 0));
    }

    #[test]
    fn documents_with_unreadable_entries_are_counted_until_one_has_none() {
        let mut reading = Reading::default();
        let mut polls = |report: Option<Report>| {
            reading = after(&reading, report.as_ref());
            reading.unreadable_polls
        };
        assert_eq!([polls(Some(report(1))), polls(None), polls(Some(report(3)))], [1, 2, 3]);
        assert_eq!([polls(Some(report(0))), polls(None)], [0, 0]);
    }
}

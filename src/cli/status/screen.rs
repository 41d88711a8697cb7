//! `status` for people: one sentence, what needs them, then as much of the rest as there is room for.

use std::collections::BTreeMap;

use super::Status;
use crate::app::count;

/// Rows besides those of feeds and notifiers: the sentence, two headings, an empty line before each, and the prompt.
const FRAME: usize = 6;
/// Rows that notifiers may take of a full screen, whatever the feeds need.
const NOTIFIER_ROWS: usize = 6;

/// How much there is room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// For everything: a pipe, a file, `--all`.
    Endless,
    /// For so many lines: a terminal.
    Rows(usize),
}

/// A feed or a notifier in words.
struct Item {
    needs_person: bool,
    /// All there is to say.
    long: Vec<String>,
    /// What has to be said.
    short: Vec<String>,
}

impl Status {
    /// In as much detail as there is room for.
    pub(super) fn to_text(&self, room: Room) -> String {
        let feeds: Vec<Item> = self
            .feeds
            .iter()
            .map(|feed| Item { needs_person: feed.needs_person, long: feed.lines(), short: feed.short() })
            .collect();
        let notifiers: Vec<Item> = self
            .notifiers
            .iter()
            .map(|one| Item { needs_person: one.needs_person, long: one.lines(), short: one.lines() })
            .collect();
        let rows = match room {
            Room::Endless => usize::MAX,
            Room::Rows(rows) => rows.saturating_sub(FRAME + usize::from(self.polling.is_some())),
        };
        let wanted = |items: &[Item]| items.iter().map(|item| item.long.len()).sum::<usize>();
        let for_notifiers = wanted(&notifiers).min(NOTIFIER_ROWS.max(rows.saturating_sub(wanted(&feeds))));
        let (feed_lines, notifier_lines) =
            (fitted(&feeds, rows.saturating_sub(for_notifiers)), fitted(&notifiers, for_notifiers));
        let states = self.feeds.iter().map(|feed| feed.state.as_str());
        let mut lines = vec![self.sentence()];
        lines.extend(self.polling.iter().map(|why| format!("! {why}")));
        lines.push(String::new());
        lines.push(heading("FEEDS", states));
        lines.extend(feed_lines);
        lines.push(String::new());
        lines.push(heading("NOTIFIERS", self.notifiers.iter().map(|notifier| notifier.state)));
        lines.extend(notifier_lines);
        lines.join("\n") + "\n"
    }

    fn sentence(&self) -> String {
        let in_need = self.feeds.iter().filter(|feed| feed.needs_person).count()
            + self.notifiers.iter().filter(|notifier| notifier.needs_person).count()
            + usize::from(self.polling.is_some());
        match in_need {
            0 => {
                let failing = self.feeds.iter().filter(|feed| feed.state.as_str() == "failing").count();
                let in_use = self.notifiers.iter().filter(|notifier| !notifier.is_removed());
                calm(self.feeds.len(), failing, in_use.count())
            }
            1 => "1 thing needs you.".to_owned(),
            n => format!("{n} things need you."),
        }
    }
}

/// Nothing needs a person; but all is well only if nothing fails.
fn calm(feeds: usize, failing: usize, notifiers: usize) -> String {
    let feeds = count(feeds, "feed");
    match failing {
        0 => format!("All is well: {feeds}, {}.", count(notifiers, "notifier")),
        _ => format!("Nothing needs you yet: {failing} of {feeds} failed and will be asked again."),
    }
}

/// `FEEDS  3 failing, 997 ok`; alone if all are alike.
fn heading<'a>(title: &str, states: impl Iterator<Item = &'a str>) -> String {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    states.for_each(|state| *numbers.entry(state).or_default() += 1);
    let numbers: Vec<String> = numbers.iter().map(|(state, number)| format!("{number} {state}")).collect();
    if numbers.is_empty() { format!("{title}  none") } else { format!("{title}  {}", numbers.join(", ")) }
}

/// The items in so many rows, those in need first: everything; else in short; else only those in need; else as many of
/// them as there are rows for. What is left out is counted.
fn fitted(items: &[Item], rows: usize) -> Vec<String> {
    let in_need = || items.iter().filter(|item| item.needs_person);
    let well = || items.iter().filter(|item| !item.needs_person);
    let whole = [
        in_need().chain(well()).flat_map(|item| &item.long).collect::<Vec<_>>(),
        in_need().flat_map(|item| &item.long).chain(well().flat_map(|item| &item.short)).collect(),
        in_need().chain(well()).flat_map(|item| &item.short).collect(),
    ];
    if let Some(lines) = whole.into_iter().find(|lines| lines.len() <= rows) {
        return lines.into_iter().cloned().collect();
    }
    let (mut lines, mut shown) = (Vec::new(), 0);
    // One row is for what is left out.
    let room = rows.saturating_sub(1);
    for form in [|item: &Item| item.long.clone(), |item: &Item| item.short.clone()] {
        (lines, shown) = (Vec::new(), 0);
        for item in in_need().map(form) {
            if lines.len() + item.len() > room {
                break;
            }
            lines.extend(item);
            shown += 1;
        }
        if shown == in_need().count() {
            break;
        }
    }
    let (more, rest) = (in_need().count() - shown, well().count());
    let left_out = match (more, rest) {
        (0, rest) => format!("  {rest} are well"),
        (more, 0) => format!("! {more} more in need"),
        (more, rest) => format!("! {more} more in need; {rest} are well"),
    };
    lines.push(format!("{left_out}: feedwatch status --all"));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(needs_person: bool, name: &str, lines: usize) -> Item {
        let long = (0..lines).map(|n| format!("{name}{n}")).collect();
        Item { needs_person, long, short: vec![name.to_owned()] }
    }

    #[track_caller]
    fn check(items: &[Item], rows: usize, expected: &[&str]) {
        assert_eq!(fitted(items, rows), expected);
        assert!(expected.len() <= rows.max(1));
    }

    #[test]
    fn those_in_need_come_first_and_what_does_not_fit_is_counted() {
        let items = [item(false, "a", 2), item(true, "b", 3), item(false, "c", 2), item(true, "d", 3)];
        check(&items, 10, &["b0", "b1", "b2", "d0", "d1", "d2", "a0", "a1", "c0", "c1"]);
        check(&items, 9, &["b0", "b1", "b2", "d0", "d1", "d2", "a", "c"]);
        check(&items, 7, &["b", "d", "a", "c"]);
        check(&items, 3, &["b", "d", "  2 are well: feedwatch status --all"]);
        check(&items, 2, &["b", "! 1 more in need; 2 are well: feedwatch status --all"]);
        check(&items[1..2], 0, &["! 1 more in need: feedwatch status --all"]);
    }

    #[test]
    fn long_forms_stay_where_only_the_healthy_ones_are_too_many() {
        let mut items: Vec<_> = (0..1000).map(|n| item(false, &format!("w{n}"), 2)).collect();
        items.push(item(true, "b", 3));
        check(&items, 12, &["b0", "b1", "b2", "  1000 are well: feedwatch status --all"]);
    }

    #[test]
    fn all_is_well_only_if_nothing_fails() {
        assert_eq!(calm(2, 0, 1), "All is well: 2 feeds, 1 notifier.");
        assert_eq!(calm(200, 3, 1), "Nothing needs you yet: 3 of 200 feeds failed and will be asked again.");
    }

    #[test]
    fn a_heading_counts_states() {
        assert_eq!(heading("FEEDS", ["ok", "failing", "ok"].into_iter()), "FEEDS  1 failing, 2 ok");
        assert_eq!(heading("FEEDS", [].into_iter()), "FEEDS  none");
    }
}

//! The feeds: those that need a person by name, then all in a table.

use maud::{Markup, PreEscaped, html};

use super::{
    View, clock, moment, spark,
    text::{foreign, short},
};
use crate::{
    model::{Outcome, Timestamp},
    store::FeedCondition,
    web::{
        overview::{FeedView, Overview},
        words,
    },
};

/// Feeds on one page.
const PAGE: usize = 500;
/// Feeds that are named beside the alerts.
const NAMED: usize = 6;
/// Pages before and after this one that are linked.
const AROUND: usize = 3;

/// Those that need a person, beside the alerts; nothing if there are none.
pub fn needy(overview: &Overview<'_>, view: &View, now: Timestamp) -> Markup {
    let needy = overview.needy_count();
    let more = needy.saturating_sub(NAMED);
    html! {
        @if needy > 0 {
            section.needy {
                div.head { h2 { "Feeds that need you" } }
                @for feed in overview.feeds(0).take(needy.min(NAMED)) {
                    div.item {
                        p.name {
                            a href=(view.link("feed", Some(feed.feed.id.as_str()))) { (foreign(&short(&feed.name(), 80))) }
                            " " span.state.bad { (feed.word()) }
                        }
                        @if let Some(complaint) = feed.complaint() { p.error { (foreign(&complaint)) } }
                        p.figures {
                            @match feed.known.state.last_success {
                                Some(at) => { "last success " (moment(at, now)) },
                                None => { "no success yet" },
                            }
                            @if let Some(next) = feed.next(now).0 { " · asked again " (moment(next, now)) }
                        }
                    }
                }
                @if more > 0 { p.quiet { a href="#feeds" { "and " (more) " more" } } }
            }
        }
    }
}

/// All that is known of the one that was asked for.
pub fn asked_for(overview: &Overview<'_>, view: &View, now: Timestamp) -> Markup {
    let feed = view.feed.as_deref().and_then(|id| overview.feed(id));
    feed.map_or_else(|| html! {}, |feed| one(&feed, now))
}

/// All of them.
pub fn section(overview: &Overview<'_>, view: &View, now: Timestamp) -> Markup {
    let pages = overview.feed_count().div_ceil(PAGE).max(1);
    let number = view.number.clamp(1, pages);
    html! {
        section.feeds id="feeds" {
            div.head {
                h2 { "Feeds" }
                @if pages > 1 { (pager(view, number, pages)) }
            }
            @if overview.feed_count() == 0 { p.quiet { "None yet. A feed is three lines in feedwatch.toml: feedwatch discover URL prints them." } }
            @else { table {
                thead { tr { th { "Feed" } th { "State" } th { "Last success" } th { "Next poll" } th.n { "A day" } th { "7 days" } } }
                tbody { @for feed in overview.feeds((number - 1) * PAGE).take(PAGE) { (row(&feed, view, now)) } }
            } }
        }
    }
}

/// Links to the pages: the first, the last, and those around this one.
fn pager(view: &View, number: usize, pages: usize) -> Markup {
    let shown = |page: &usize| *page == 1 || *page == pages || page.abs_diff(number) <= AROUND;
    let mut before = 0;
    html! {
        nav { @for page in (1..=pages).filter(shown) {
            @if page > before + 1 { "… " }
            @if page == number { b { (page) } } @else { a href={ (view.again(view.refreshes, page)) "#feeds" } { (page) } }
            " "
            ({ before = page; "" })
        } }
    }
}

fn row(feed: &FeedView<'_>, view: &View, now: Timestamp) -> Markup {
    // End tags that HTML lets one leave out: a tenth of a page with hundreds of rows.
    let (tr, td) = (PreEscaped("<tr><td>"), PreEscaped("<td>"));
    html! {
        (tr) a href=(view.link("feed", Some(feed.feed.id.as_str()))) { (foreign(&short(&feed.name(), 80))) }
        @if let Some(complaint) = feed.complaint() { p.error { (foreign(&complaint)) } }
        (td) (state(feed))
        (td) (maybe(feed.known.state.last_success, now))
        (td) (next(feed, now))
        (td) (a_day(&feed.known.articles))
        (td) (sparkline(feed))
    }
}

/// No picture where nothing came.
fn sparkline(feed: &FeedView<'_>) -> Markup {
    if feed.known.articles.iter().all(|articles| *articles == 0) {
        return html! { "–" };
    }
    spark::bars(&feed.known.articles, "a day")
}

fn state(feed: &FeedView<'_>) -> Markup {
    let class = match (feed.known.health.needs_person, feed.known.health.condition) {
        (true, _) => "bad",
        (_, FeedCondition::Failing | FeedCondition::Silent) => "fair",
        (_, FeedCondition::Ok) => return html! { "ok" },
        _ => "",
    };
    html! { span.state.(class) { (feed.word()) } }
}

fn next(feed: &FeedView<'_>, now: Timestamp) -> Markup {
    let (at, reason) = feed.next(now);
    at.map_or_else(|| html! { "never" }, |at| html! { (moment(at, now)) small { (words::why(reason)) } })
}

fn maybe(at: Option<Timestamp>, now: Timestamp) -> Markup {
    at.map_or_else(|| html! { "never" }, |at| moment(at, now))
}

/// Articles a day, as one would say it.
#[expect(clippy::cast_precision_loss, reason = "a mean for people")]
fn a_day(articles: &[u64]) -> String {
    let mean = articles.iter().sum::<u64>() as f64 / articles.len().max(1) as f64;
    if mean == 0.0 || mean >= 9.95 { format!("{mean:.0}") } else { format!("{mean:.1}") }
}

/// One feed with all that is known of it.
fn one(feed: &FeedView<'_>, now: Timestamp) -> Markup {
    let (state, memory) = (&feed.known.state, &feed.known.state.memory);
    let polls = words::count(state.polls, "poll");
    html! {
        section.feed {
            div.head { h2 { (foreign(&feed.name())) } }
            dl {
                (fact("Address", &foreign(&feed.feed.display_url())))
                (fact("State", &self::state(feed)))
                @if let Some(complaint) = feed.complaint() { (fact("Trouble", &foreign(&complaint))) }
                @if let Some(since) = state.failing_since { (fact("Failing since", &clock(since, now))) }
                (fact("Last success", &maybe(state.last_success, now)))
                @if let Some(outcome) = state.last_outcome.map(Outcome::as_str) { (fact("Last poll", &html! { (outcome.replace('_', " ")) @if let Some(status) = state.last_status { ", status " (status) } })) }
                (fact("Next poll", &next(feed, now)))
                (fact("Polls", &html! { (polls) ", " (state.not_modified) " not modified" }))
                (fact("Sent by the server", &html! { (bytesize::ByteSize(state.bytes)) }))
                (fact("Articles a day", &html! { (a_day(&feed.known.articles)) " " (sparkline(feed)) }))
                @if !feed.feed.tags.is_empty() { (fact("Tags", &html! { (feed.feed.tags.join(", ")) })) }
                @if let Some(to) = &memory.moves.moved_to { (fact("Moved to", &foreign(to))) }
                @if let Some(gap) = memory.gap { (fact("Possible gap", &html! { (clock(gap.from, now)) " to " (clock(gap.to, now)) })) }
                @for trouble in memory.reading_troubles() { (fact("Its documents", &html! { (trouble.as_str()) })) }
            }
        }
    }
}

fn fact(name: &str, value: &Markup) -> Markup {
    html! { dt { (name) } dd { (value) } }
}

//! What a readable document showed, for those who plan the next poll.

use url::Url;

use super::Links;
use crate::{
    model::{Article, Timestamp},
    read,
    store::KnownArticle,
};

/// What a readable document showed.
#[derive(Debug, Clone, Default)]
pub struct Sight {
    /// How its articles relate to the known ones.
    pub window: Window,
    /// Whether it is, byte for byte, the last one.
    pub is_same: bool,
    /// What it says about polling; nothing if it is the last one.
    pub hints: read::Hints,
    /// Articles a day, by their stamps; `None` if they do not tell.
    pub per_day: Option<f64>,
    /// Where older documents are.
    pub older: Links,
    /// The stamps of the articles that were not known, `None` where one has none.
    pub news: Vec<Option<Timestamp>>,
    /// How it was read; `None` if it is the last one.
    pub report: Option<read::Report>,
}

/// How the articles of a document relate to those that were known before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    /// Articles in it.
    pub shown: u32,
    /// Those that were known before.
    pub known: u32,
    /// The oldest stamp of those that were not.
    pub oldest_new: Option<Timestamp>,
}

impl Sight {
    /// The last document once more: all it shows is known.
    pub fn of_same(shown: Option<u32>) -> Self {
        let shown = shown.unwrap_or(0);
        Self { window: Window { shown, known: shown, oldest_new: None }, is_same: true, ..Self::default() }
    }

    /// A document with these articles, of which those are known.
    pub fn of(
        articles: &[Article],
        known: &[Option<KnownArticle>],
        hints: read::Hints,
        report: read::Report,
        headers: Links,
    ) -> Self {
        let older = Links::of(hints.prev_archive.clone(), hints.next.clone(), headers);
        let new = articles.iter().zip(known).filter(|(_, known)| known.is_none());
        let news: Vec<Option<Timestamp>> = new.map(|(article, _)| article.stamp()).collect();
        let window = Window {
            shown: count(articles.len()),
            known: count(known.iter().flatten().count()),
            oldest_new: news.iter().copied().flatten().min(),
        };
        Self { window, hints, older, per_day: per_day(articles), is_same: false, news, report: Some(report) }
    }
}

impl Links {
    /// What the document itself says comes before what its headers say.
    pub fn of(prev_archive: Option<Url>, next: Option<Url>, headers: Self) -> Self {
        Self { prev_archive: prev_archive.or(headers.prev_archive), next: next.or(headers.next) }
    }
}

impl Window {
    /// Articles that were not known before.
    pub fn new_ones(&self) -> u32 {
        self.shown.saturating_sub(self.known)
    }
}

/// How many articles a day the stamps show, from the first to the last. One article alone shows none.
fn per_day(articles: &[Article]) -> Option<f64> {
    if articles.len() < 2 {
        return Some(0.0);
    }
    let stamps = || articles.iter().filter_map(Article::stamp);
    let span = (stamps().max()? - stamps().min()?).to_std().ok()?;
    let intervals = count(stamps().count()).checked_sub(1).filter(|intervals| *intervals > 0)?;
    (!span.is_zero()).then(|| f64::from(intervals) * 86_400.0 / span.as_secs_f64())
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

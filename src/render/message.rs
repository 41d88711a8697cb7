//! What a chat message says at a glance: topic, title and link, source and time, the sentence with the matched words
//! marked. Clean text, escaped by nobody yet; each format lays it out in its own way.

use super::text::{ELLIPSIS, cut_to, one_line, shown_link};
use crate::model::{Alert, Event, EventKind, Field, Mention, Subject, Timestamp};

/// Most quotes in a message.
const MAX_QUOTES: usize = 3;
/// Most marked words in a quote: each is a piece of its own in the vendors' JSON, and what is all marks marks nothing.
const MAX_MARKS: usize = 16;
/// What stands for the title of an article that has none.
const UNTITLED: &str = "Article without a title";

/// The content of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// Of the alert, or of the trouble that an event tells of, or ends.
    pub id: String,
    /// What it is about, for those who sort by it.
    pub kind: Kind,
    /// The topics; a test says so.
    pub headline: String,
    /// The article's title.
    pub title: String,
    /// Where to read it: http or https.
    pub link: Option<String>,
    /// Who says so: the feed's name.
    pub source: String,
    /// When it was published, else when it was seen.
    pub at: Timestamp,
    /// The sentences that were matched, at most three.
    pub quotes: Vec<Quote>,
}

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An article that mentions a topic.
    News,
    /// feedwatch itself has trouble, with a feed or a receiver.
    Trouble,
    /// The trouble is over.
    Relief,
    /// Nothing, only a test.
    Test,
}

/// A sentence in runs of marked and other words; none is empty.
pub(super) type Quote = Vec<Run>;

/// Words of a quote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    /// As the article has them.
    pub text: String,
    /// Whether they were matched.
    pub is_marked: bool,
}

impl Message {
    /// What is said of an alert.
    pub(super) fn of(alert: &Alert) -> Self {
        let topics: Vec<String> = alert.topics.iter().map(|topic| clean(topic.name.as_str())).collect();
        let topics = topics.join(", ");
        let article = &alert.article;
        let title = article.title.as_deref().map(clean).filter(|title| !title.is_empty());
        Self {
            id: alert.id.to_string(),
            kind: if alert.test { Kind::Test } else { Kind::News },
            headline: if alert.test { format!("TEST: {topics}") } else { topics },
            title: title.unwrap_or_else(|| UNTITLED.to_owned()),
            link: article.link.as_ref().and_then(shown_link),
            source: Some(clean(&alert.feed.name))
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| clean(&alert.feed.url)),
            at: article.published.unwrap_or(alert.created),
            quotes: quotes(alert),
        }
    }

    /// What is said of an operational event.
    pub(super) fn of_event(event: &Event) -> Self {
        let (about, detail) = match &event.subject {
            Subject::Feed { feed, .. } => {
                let (name, url) = (clean(&feed.name), clean(&feed.url));
                let detail = Some(url.clone()).filter(|url| *url != name);
                (if name.is_empty() { url } else { name }, detail)
            }
            Subject::Notifier { name, state } => {
                (format!("{} ({})", clean(name.as_str()), state.as_str()), None)
            }
            Subject::Several => ("Many at once".to_owned(), None),
        };
        let said = clean(&event.reason);
        let is_one = event.subject != Subject::Several;
        let times = Some(event.count).filter(|count| *count > 1 && is_one);
        let times = times.map_or_else(String::new, |count| format!(", {count} times"));
        let since = format!("since {}{times}", event.since.format("%Y-%m-%d %H:%M UTC"));
        let lines = [Some(said).filter(|said| !said.is_empty()), Some(since), detail];
        let plain = |text| vec![Run { text, is_marked: false }];
        let headline = match event.kind {
            EventKind::FeedRecovered => "Feed works again",
            EventKind::FeedSilent => "Feed is silent",
            EventKind::NotifierFailing => "Notifier is failing",
            EventKind::FeedFailing | EventKind::Alert => "Feed is failing",
        };
        let kind = match event.kind {
            _ if event.test => Kind::Test,
            EventKind::FeedRecovered => Kind::Relief,
            _ => Kind::Trouble,
        };
        Self {
            id: event.trouble_id().to_string(),
            kind,
            headline: headline.to_owned(),
            title: about,
            link: None,
            source: "feedwatch".to_owned(),
            at: event.created,
            quotes: lines.into_iter().flatten().map(plain).collect(),
        }
    }

    /// The same with each text cut to its share of what the destination takes. `cost` weighs a grapheme as the
    /// destination counts it.
    pub(super) fn cut(&self, shares: &Shares, cost: impl Fn(&str) -> usize) -> Self {
        Self {
            headline: cut_to(&self.headline, shares.headline, &cost),
            title: cut_to(&self.title, shares.title, &cost),
            source: cut_to(&self.source, shares.source, &cost),
            quotes: self.quotes.iter().map(|quote| cut_quote(quote, shares.quote, &cost)).collect(),
            ..self.clone()
        }
    }

    /// Topic and title in one line.
    pub(super) fn summary(&self) -> String {
        format!("{}: {}", self.headline, self.title)
    }

    /// Source and time in one line: `World · 2026-11-23 17:58 UTC`.
    pub(super) fn origin(&self) -> String {
        format!("{} · {}", self.source, self.at.format("%Y-%m-%d %H:%M UTC"))
    }
}

/// How much of a message each text may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shares {
    /// The topics.
    pub headline: usize,
    /// The title.
    pub title: usize,
    /// The feed's name.
    pub source: usize,
    /// Each quote.
    pub quote: usize,
}

impl Shares {
    /// What every text fits in that is not out of the ordinary.
    pub(super) const USUAL: Self = Self { headline: 240, title: 480, source: 240, quote: 480 };
}

/// A quote as one text, with matched words as the destination marks them.
pub(super) fn join(quote: &Quote, show: impl Fn(&Run) -> String) -> String {
    quote.iter().map(show).collect()
}

/// A quote without marks.
pub(super) fn unmarked(quote: &Quote) -> String {
    join(quote, |run| run.text.clone())
}

/// On one line, with single spaces: what every renderer of markup would make of it anyway.
fn clean(text: &str) -> String {
    one_line(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The best sentence of each topic, each once.
fn quotes(alert: &Alert) -> Vec<Quote> {
    let mentions: Vec<&Mention> = alert.topics.iter().flat_map(|topic| &topic.mentions).collect();
    let mut words: Vec<String> = mentions.iter().map(|mention| clean(&mention.text)).collect();
    words.retain(|word| !word.is_empty());
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words.dedup();
    let mut snippets: Vec<String> = Vec::new();
    for topic in &alert.topics {
        let best = topic.mentions.iter().min_by_key(|mention| rank(mention.field));
        let snippet = best.map(|mention| clean(&mention.snippet)).unwrap_or_default();
        if !snippet.is_empty() && !snippets.contains(&snippet) && snippets.len() < MAX_QUOTES {
            snippets.push(snippet);
        }
    }
    snippets.iter().map(|snippet| best_marked(snippet, &words)).collect()
}

/// Sentences of the text tell more than the title, which is shown anyway; they tell more than single words.
fn rank(field: Field) -> u8 {
    match field {
        Field::Summary | Field::Content | Field::Text => 0,
        Field::Title => 1,
        Field::Tags | Field::Author => 2,
        Field::Url => 3,
    }
}

/// Whole words are marked; in scripts that do not part words, whatever the letters around.
fn best_marked(snippet: &str, words: &[String]) -> Quote {
    let is_inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let quote = marked(snippet, words, |before, after| !is_inside(before) && !is_inside(after));
    if quote.iter().any(|run| run.is_marked) { quote } else { marked(snippet, words, |_, _| true) }
}

/// Splits a sentence at the matched words that stand between characters as they should.
fn marked(snippet: &str, words: &[String], fits: impl Fn(Option<char>, Option<char>) -> bool) -> Quote {
    let mut quote = Quote::new();
    let mut rest = snippet;
    let mut before = None;
    let mut plain = String::new();
    let mut marks = 0;
    while let Some(c) = rest.chars().next() {
        let stands_here = |word: &&String| {
            rest.strip_prefix(word.as_str()).is_some_and(|after| fits(before, after.chars().next()))
        };
        let word = words.iter().find(stands_here).filter(|_| marks < MAX_MARKS);
        let taken = word.map_or(c.len_utf8(), String::len);
        let (head, tail) = rest.split_at(taken);
        if word.is_some() {
            push(&mut quote, &std::mem::take(&mut plain), false);
            push(&mut quote, head, true);
            marks += 1;
        } else {
            plain.push(c);
        }
        before = head.chars().next_back();
        rest = tail;
    }
    push(&mut quote, &plain, false);
    quote
}

fn push(quote: &mut Quote, text: &str, is_marked: bool) {
    match quote.last_mut() {
        _ if text.is_empty() => {}
        Some(last) if last.is_marked == is_marked => last.text.push_str(text),
        _ => quote.push(Run { text: text.to_owned(), is_marked }),
    }
}

/// The beginning of a quote that costs at most `max`, as [`cut_to`] does it.
fn cut_quote(quote: &Quote, max: usize, cost: impl Fn(&str) -> usize) -> Quote {
    let whole = unmarked(quote);
    let kept = cut_to(&whole, max, cost);
    if kept == whole {
        return quote.clone();
    }
    let mut room = kept.trim_end_matches(ELLIPSIS).len();
    let mut cut = Quote::new();
    for run in quote {
        let text = run.text.get(..room.min(run.text.len())).unwrap_or_default();
        push(&mut cut, text, run.is_marked);
        room -= text.len();
    }
    push(&mut cut, ELLIPSIS, false);
    cut
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::tests::{example, mention, topic};

    /// Marked words in brackets.
    fn shown(quote: &Quote) -> String {
        let show = |run: &Run| if run.is_marked { format!("[{}]", run.text) } else { run.text.clone() };
        quote.iter().map(show).collect()
    }

    #[track_caller]
    fn check_marks(snippet: &str, words: &[&str], expected: &str) {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        assert_eq!(shown(&best_marked(snippet, &words)), expected);
    }

    #[test]
    fn only_so_many_words_of_a_quote_are_marked() {
        let quote = best_marked(&"S-400 ".repeat(100), &["S-400".to_owned()]);
        assert_eq!(quote.iter().filter(|run| run.is_marked).count(), MAX_MARKS);
        assert_eq!(unmarked(&quote), "S-400 ".repeat(100));
    }

    #[test]
    fn matched_words_are_marked_where_they_are_whole_words() {
        check_marks("…seeks Russian S-400 snub", &["S-400"], "…seeks Russian [S-400] snub");
        check_marks("compatriot, Patriot", &["Patriot", "patriot"], "compatriot, [Patriot]");
        check_marks("S-400 S-400", &["S-400"], "[S-400] [S-400]");
        check_marks("С-400: ЗРС С-400", &["С-400"], "[С-400]: ЗРС [С-400]");
        check_marks("购买S-400导弹", &["S-400"], "购买[S-400]导弹");
        check_marks("nothing", &["S-400"], "nothing");
        check_marks("", &["S-400"], "");
    }

    #[test]
    fn sentences_of_the_text_come_before_the_title() {
        let mut alert = example();
        let in_summary = Mention { field: Field::Summary, ..mention("S-400", "They sold the S-400.") };
        alert.topics[0].mentions.push(in_summary);
        let message = Message::of(&alert);
        assert_eq!(message.quotes.iter().map(shown).collect::<Vec<_>>(), ["They sold the [S-400]."]);
        alert.topics.push(topic("Same", vec![mention("S-400", "They  sold the S-400.")]));
        assert_eq!(Message::of(&alert).quotes.len(), 1, "the same sentence once");
        for n in 0..9 {
            alert.topics.push(topic(&n.to_string(), vec![mention("S-400", &n.to_string())]));
        }
        assert_eq!(Message::of(&alert).quotes.len(), MAX_QUOTES);
    }

    #[test]
    fn a_quote_is_cut_across_its_runs() {
        let quote = best_marked("abc S-400 def", &["S-400".to_owned()]);
        let cut = |max| shown(&cut_quote(&quote, max, str::len));
        assert_eq!(cut(13), "abc [S-400] def");
        assert_eq!(cut(12), "abc [S-400]…");
        assert_eq!(cut(9), "abc [S-]…");
        assert_eq!(cut(5), "ab…");
    }

    #[test]
    fn an_article_without_title_link_or_date_is_told_too() {
        let mut alert = example();
        alert.article.title = Some(" \u{202e}\u{7} ".to_owned());
        alert.article.link = None;
        alert.article.published = None;
        let message = Message::of(&alert);
        assert_eq!((message.title.as_str(), message.link.as_deref()), (UNTITLED, None));
        assert_eq!(message.origin(), "World · 2026-11-23 18:00 UTC");
    }
}

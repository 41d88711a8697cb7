//! `backtest`: what the watchlist would have flagged of the articles in the store. Looks only, alerts nobody.

use std::{
    collections::HashMap,
    fmt::Write as _,
    io::{self, IsTerminal},
    process::ExitCode,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::{
    Context, Outcome, match_document,
    output::{self, Clean},
};
use crate::{
    app::{self, count},
    config::Purpose,
    matcher::{Matcher, Scope, Scratch, Text},
    model::{Feed, FeedId, Mention, TopicName, rfc3339},
    store::{Store, StoredArticle},
};

/// Articles in one read: a fraction of a second, and of the memory, of all of them.
const PAGE: usize = 200;
/// Articles shown of a topic, the newest.
const SAMPLES: usize = 5;
/// Mentions of such an article that people are shown; JSON has them all.
const SHOWN_MENTIONS: usize = 3;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Only articles found or edited in this last while, as in 30d, 12h; text is kept for `store.retention`
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = humantime::parse_duration)]
    since: Duration,
    /// Only this topic
    #[arg(long, value_name = "NAME")]
    topic: Option<String>,
    /// Print JSON for machines
    #[arg(long)]
    json: bool,
}

/// What was found, as `--json` prints it; topics in watchlist order.
#[derive(Debug, Serialize)]
struct Report {
    articles: usize,
    topics: Vec<Flagged>,
}

/// How many articles a topic flagged, and some of them.
#[derive(Debug, Serialize)]
struct Flagged {
    name: TopicName,
    count: usize,
    samples: Vec<Sample>,
}

#[derive(Debug, Serialize)]
struct Sample {
    time: String,
    feed: String,
    title: Option<String>,
    link: Option<String>,
    mentions: Vec<Mention>,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Outcome {
    let mut config = context.config(Purpose::Look)?;
    if let Some(topic) = &arguments.topic {
        match_document::check_topic(&app::compile(&config)?, topic)?;
        config.topics.retain(|watched| watched.name.as_str() == topic);
    }
    let matcher = app::compile(&config)?;
    let store = app::open_store_to_read(&config.store).await?;
    let mut backtest = Backtest::new(&matcher, &config.poll.feeds);
    let progress = progress(arguments.json);
    let mut after = None;
    loop {
        let page = store.stored_articles(arguments.since, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.cursor);
        for article in &page {
            backtest.look_at(article);
        }
        progress.set_position(backtest.report.articles as u64);
    }
    progress.finish_and_clear();
    if arguments.json {
        output::json(&backtest.report)?;
    } else {
        output::text(Clean(&describe(&backtest.report)))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A counter on a terminal; nothing elsewhere.
fn progress(json: bool) -> ProgressBar {
    let wanted = io::stderr().is_terminal() && !json;
    let bar = if wanted { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    let style = ProgressStyle::with_template("{spinner} {human_pos} articles, {per_sec}");
    bar.with_style(style.expect("the template is well formed"))
}

/// The watchlist on its way through the store.
struct Backtest<'a> {
    matcher: &'a Matcher,
    scratch: Scratch,
    feeds: HashMap<&'a FeedId, &'a Feed>,
    /// Where each topic stands in the report.
    places: HashMap<&'a TopicName, usize>,
    report: Report,
}

impl<'a> Backtest<'a> {
    fn new(matcher: &'a Matcher, feeds: &'a [Feed]) -> Self {
        let flagged = |name: &TopicName| Flagged { name: name.clone(), count: 0, samples: Vec::new() };
        let topics = matcher.topic_names().map(flagged).collect();
        let feeds = feeds.iter().map(|feed| (&feed.id, feed)).collect();
        let places = matcher.topic_names().zip(0..).collect();
        let report = Report { articles: 0, topics };
        Self { matcher, scratch: Scratch::default(), feeds, places, report }
    }

    /// Names and tags of a feed are those of the configuration, if it is still there.
    fn look_at(&mut self, article: &StoredArticle) {
        let feed = self.feeds.get(&article.feed);
        let configured = feed.and_then(|feed| feed.name.as_deref());
        let name = configured.or(article.feed_title.as_deref()).unwrap_or(&article.feed_url);
        let tags = feed.map_or(&[][..], |feed| &feed.tags);
        let scope = Scope { id: article.feed.as_str(), name, url: &article.feed_url, tags };
        self.report.articles += 1;
        for found in self.matcher.find_with(&mut self.scratch, &text(article), Some(&scope)) {
            let flagged = &mut self.report.topics[self.places[&found.name]];
            flagged.count += 1;
            if flagged.samples.len() < SAMPLES {
                flagged.samples.push(sample(article, name, found.mentions));
            }
        }
    }
}

/// The texts of a stored article.
pub(super) fn text(article: &StoredArticle) -> Text<'_> {
    Text {
        title: article.title.as_deref().unwrap_or_default(),
        summary: article.summary.as_deref().unwrap_or_default(),
        content: article.content.as_deref().unwrap_or_default(),
        text: "",
        author: article.author.as_deref().unwrap_or_default(),
        tags: &article.tags,
        url: article.link.as_deref().unwrap_or_default(),
    }
}

fn sample(article: &StoredArticle, feed: &str, mentions: Vec<Mention>) -> Sample {
    Sample {
        time: rfc3339(article.cursor.recorded),
        feed: feed.to_owned(),
        title: article.title.clone(),
        link: article.link.clone(),
        mentions,
    }
}

/// For people: the counts, and a few articles of each topic with the words that matched.
fn describe(report: &Report) -> String {
    let mut text = format!("{} looked at\n", count(report.articles, "article"));
    for topic in &report.topics {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n{}: {} flagged", topic.name, topic.count);
        for sample in &topic.samples {
            let title = sample.title.as_deref().unwrap_or("(no title)");
            let _ = writeln!(text, "    {}  {title}  [{}]", sample.time, sample.feed);
            for mention in sample.mentions.iter().take(SHOWN_MENTIONS) {
                let _ = writeln!(text, "        {:?}: {}", mention.text, mention.snippet);
            }
        }
    }
    text
}

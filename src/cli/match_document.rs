//! `match`: which articles of a feed document the watchlist would flag, and why.

use std::{fmt::Write as _, process::ExitCode};

use serde::Serialize;
use url::Url;

use super::{
    Context, Failure, Outcome,
    document::Source,
    match_lines,
    output::{self, Clean},
};
use crate::{
    app,
    config::{Purpose, words},
    matcher::{Explanation, Matcher, Text},
    model::{Article, TopicMentions, TopicName},
    read::Document,
};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A file, a URL (fetched as the daemon would), or - for standard input
    #[arg(value_name = "FILE|URL|-")]
    document: String,
    /// Each line of the input is a JSON object {"title","text"} of plain text; so is each line of the output
    #[arg(long)]
    jsonl: bool,
    /// Say of every article what this topic makes of it: the first clause that fails
    #[arg(long, value_name = "TOPIC")]
    explain: Option<String>,
    /// The media type that a server would give
    #[arg(long, value_name = "CT", conflicts_with = "jsonl")]
    content_type: Option<String>,
    /// The URL that relative links resolve against
    #[arg(long, value_name = "URL", conflicts_with = "jsonl")]
    base: Option<Url>,
    /// Print JSON for machines
    #[arg(long)]
    json: bool,
}

/// An article as JSON (DESIGN §3); with `--explain` every one, else the flagged ones.
#[derive(Debug, Serialize)]
struct Matched<'a> {
    id: String,
    title: Option<&'a str>,
    link: Option<&'a Url>,
    topics: Vec<TopicMentions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explain: Option<Explanation>,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Outcome {
    let config = context.config(Purpose::Look)?;
    let matcher = app::compile(&config)?;
    let explain = arguments.explain.as_deref();
    if let Some(topic) = explain {
        check_topic(&matcher, topic)?;
    }
    if arguments.jsonl {
        return match_lines::run(&arguments.document, &matcher, explain);
    }
    let source = Source::load(&arguments.document, arguments.content_type, arguments.base, &config).await?;
    let document = source.read(&config.read).map_err(|error| anyhow::anyhow!("{}: {error}", source.name))?;
    let articles = match_all(&matcher, &document, explain);
    if arguments.json {
        output::json(&serde_json::json!({ "articles": articles }))?;
    } else {
        output::text(Clean(&describe(&articles, document.articles.len())))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A topic that is asked for must be there; an unknown one names the nearest.
pub(super) fn check_topic(matcher: &Matcher, topic: &str) -> Result<(), Failure> {
    let names: Vec<&str> = matcher.topic_names().map(TopicName::as_str).collect();
    if names.contains(&topic) {
        return Ok(());
    }
    let help = words::suggest(topic, &names).unwrap_or_else(|| "the watchlist is empty".to_owned());
    Err(Failure::Usage(format!("there is no topic {topic:?}; {help}")))
}

fn match_all<'a>(matcher: &Matcher, document: &'a Document, explain: Option<&str>) -> Vec<Matched<'a>> {
    let articles = document.articles.iter().map(|article| match_one(matcher, article, explain));
    articles.filter(|article| explain.is_some() || !article.topics.is_empty()).collect()
}

fn match_one<'a>(matcher: &Matcher, article: &'a Article, explain: Option<&str>) -> Matched<'a> {
    let text = Text::of_article(article);
    Matched {
        id: article.key.to_string(),
        title: article.title.as_deref(),
        link: article.link.as_ref(),
        topics: matcher.find(&text, None),
        explain: explain.and_then(|topic| matcher.explain(topic, &text, None)),
    }
}

/// For people: the flagged articles with their mentions, and what was to be explained.
fn describe(articles: &[Matched<'_>], all: usize) -> String {
    let flagged = articles.iter().filter(|article| !article.topics.is_empty()).count();
    let mut text = format!("{flagged} of {} flagged\n", app::count(all, "article"));
    for article in articles {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n{}", article.title.unwrap_or("(no title)"));
        let _ = article.link.map(|link| writeln!(text, "    {link}"));
        for topic in &article.topics {
            for mention in &topic.mentions {
                let (field, start, end) = (mention.field.as_str(), mention.start, mention.end);
                let _ = write!(text, "    {}: {:?} at {field} {start}..{end}", topic.name, mention.text);
                let _ = writeln!(text, ": {}", mention.snippet);
            }
        }
        let explained = article.explain.as_ref();
        let _ = explained.map(|explained| writeln!(text, "    {}: {}", explained.topic, explained.detail));
    }
    text
}

//! `parse`: what feedwatch reads in a feed document.

use std::process::ExitCode;

use serde::Serialize;
use url::Url;

use super::{
    Context, Failure, Outcome,
    document::Source,
    output::{self, Clean},
};
use crate::{
    app::count,
    config::Purpose,
    model::{Article, Timestamp, rfc3339},
    read::Document,
};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A file, a URL (fetched as the daemon would), or - for standard input
    #[arg(value_name = "FILE|URL|-")]
    document: String,
    /// The media type that a server would give
    #[arg(long, value_name = "CT")]
    content_type: Option<String>,
    /// The URL that relative links resolve against
    #[arg(long, value_name = "URL")]
    base: Option<Url>,
    /// Print JSON for machines
    #[arg(long)]
    json: bool,
}

/// The JSON of a document, read or not (DESIGN §3).
#[derive(Debug, Default, Serialize)]
struct Parsed {
    ok: bool,
    error: Option<String>,
    title: Option<String>,
    entries: Vec<Entry>,
    notes: Vec<String>,
}

/// An article as JSON: plain text, dates in RFC 3339 UTC.
#[derive(Debug, Serialize)]
struct Entry {
    id: String,
    title: Option<String>,
    link: Option<Url>,
    published: Option<String>,
    updated: Option<String>,
    summary: Option<String>,
    content: Option<String>,
    author: Option<String>,
    tags: Vec<String>,
}

impl From<Article> for Entry {
    fn from(article: Article) -> Self {
        let time = |at: Option<Timestamp>| at.map(rfc3339);
        Self {
            id: article.key.to_string(),
            title: article.title,
            link: article.link,
            published: time(article.published),
            updated: time(article.updated),
            summary: article.summary,
            content: article.content,
            author: article.author,
            tags: article.tags,
        }
    }
}

impl From<Document> for Parsed {
    fn from(document: Document) -> Self {
        Self {
            ok: true,
            error: None,
            title: document.title,
            entries: document.articles.into_iter().map(Entry::from).collect(),
            notes: document.notes,
        }
    }
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Outcome {
    let config = context.config_or_default(Purpose::Look)?;
    let source = Source::load(&arguments.document, arguments.content_type, arguments.base, &config).await;
    let parsed = match &source {
        Ok(source) => source.read(&config.read).map_or_else(|error| refused(&error), Parsed::from),
        Err(error) => refused(&format!("{error:#}")),
    };
    if arguments.json {
        output::json(&parsed)?;
    } else if let Some(error) = &parsed.error {
        // What could not be loaded is named in the error itself.
        let name = source.map(|source| format!("{}: ", source.name)).unwrap_or_default();
        return Err(Failure::Failed(anyhow::anyhow!("{name}{error}")));
    } else {
        output::text(Clean(&describe(&parsed)))?;
    }
    Ok(if parsed.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn refused(error: &impl ToString) -> Parsed {
    Parsed { error: Some(error.to_string()), ..Parsed::default() }
}

/// For people: the title, then a few lines for each article.
fn describe(parsed: &Parsed) -> String {
    let mut lines = vec![format!(
        "{}: {}",
        parsed.title.as_deref().unwrap_or("(no title)"),
        count(parsed.entries.len(), "article")
    )];
    lines.extend(parsed.notes.iter().map(|note| format!("note: {note}")));
    for entry in &parsed.entries {
        lines.push(String::new());
        lines.push(entry.title.clone().unwrap_or_else(|| "(no title)".to_owned()));
        let dates = [&entry.published, &entry.updated].into_iter().flatten().next();
        let facts =
            [dates.map(String::as_str), entry.author.as_deref(), entry.link.as_ref().map(Url::as_str)];
        lines.push(format!("    {}", facts.into_iter().flatten().collect::<Vec<_>>().join("  ")));
        lines.extend(entry.summary.as_ref().map(|summary| format!("    {}", shorten(summary))));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn shorten(text: &str) -> String {
    const SHOWN: usize = 300;
    let mut short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

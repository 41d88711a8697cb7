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
    read::{Document, Limit, Repair, Report},
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
    /// The encoding that the document was read as.
    encoding: Option<&'static str>,
    /// What had to be mended.
    repairs: Vec<Mended>,
    /// The limits that bit.
    limits: Vec<Bitten>,
    /// Entries of which nothing could be read.
    unreadable: u32,
    /// Entries whose date could not be read.
    undated: u32,
}

#[derive(Debug, Serialize)]
struct Mended {
    kind: &'static str,
    count: u32,
    text: &'static str,
}

#[derive(Debug, Serialize)]
struct Bitten {
    key: &'static str,
    count: u32,
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
            ..Self::from(document.report)
        }
    }
}

impl From<Report> for Parsed {
    fn from(report: Report) -> Self {
        let mended =
            |(kind, count): (Repair, u32)| Mended { kind: kind.as_str(), count, text: kind.describe() };
        let bitten = |(limit, count): (Limit, u32)| Bitten { key: limit.key(), count };
        Self {
            encoding: Some(report.encoding),
            repairs: report.repairs.into_iter().map(mended).collect(),
            limits: report.limits.into_iter().map(bitten).collect(),
            unreadable: report.unreadable,
            undated: report.undated,
            ..Self::default()
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
    lines.extend(remarks(parsed));
    for entry in &parsed.entries {
        lines.push(String::new());
        lines.push(entry.title.clone().unwrap_or_else(|| "(no title)".to_owned()));
        let dates = [&entry.published, &entry.updated].into_iter().flatten().next();
        let facts =
            [dates.map(String::as_str), entry.author.as_deref(), entry.link.as_ref().map(Url::as_str)];
        let facts = facts.into_iter().flatten().collect::<Vec<_>>().join("  ");
        lines.extend((!facts.is_empty()).then(|| format!("    {facts}")));
        lines.extend(entry.summary.as_ref().map(|summary| format!("    {}", shorten(summary))));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// What a person should know about how the document was read; nothing if all is as it should be.
fn remarks(parsed: &Parsed) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some(encoding) = parsed.encoding.filter(|encoding| *encoding != "UTF-8") {
        remarks.push(format!("read as {encoding}"));
    }
    for Mended { kind, count, text } in &parsed.repairs {
        remarks.push(format!("mended: {text} ({kind}, {count}×)"));
    }
    for Bitten { key, count } in &parsed.limits {
        remarks.push(format!("limit reached: {key} ({count}×)"));
    }
    let counts = [(parsed.unreadable, "could not be read"), (parsed.undated, "no date that could be read")];
    let told = counts.into_iter().filter(|(number, _)| *number > 0);
    remarks.extend(told.map(|(number, what)| format!("{number} of the entries: {what}")));
    remarks
}

fn shorten(text: &str) -> String {
    const SHOWN: usize = 300;
    let mut short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

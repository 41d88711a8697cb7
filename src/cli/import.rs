//! `import`: feeds from OPML as TOML. The TOML goes to stdout; what was left out, and why, to stderr.

use std::{collections::HashMap, process::ExitCode};

use anyhow::anyhow;
use serde::Serialize;

use super::{
    Context, Failure, Outcome,
    document::Source,
    feed_lines::{self, FeedLines},
    output::{self, Clean},
};
use crate::{
    app::count,
    config::{self, Config, Purpose},
    read::{Outline, Outlines},
};

/// Feeds left out that are named; the others are counted.
const NAMED: usize = 20;
/// Characters of an address that are shown.
const SHOWN: usize = 200;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// An OPML file, a URL, or - for standard input
    #[arg(value_name = "FILE|URL|-")]
    document: String,
    /// Print JSON for machines
    #[arg(long)]
    json: bool,
}

/// What is imported and what is not.
#[derive(Debug, Default, Serialize)]
struct Imported {
    ok: bool,
    error: Option<String>,
    feeds: Vec<FeedLines>,
    /// Feeds that the configuration has.
    configured: usize,
    /// Feeds listed again; their folders became tags of the first.
    duplicates: usize,
    /// Feeds that feedwatch cannot watch.
    refused: Vec<Refused>,
    /// Outlines that are neither a feed nor a folder with something in it.
    without_address: usize,
    /// Outlines of which nothing could be read.
    broken: usize,
    /// Feeds beyond `max_entries`.
    beyond_limit: usize,
}

#[derive(Debug, Serialize)]
struct Refused {
    name: Option<String>,
    reason: String,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Outcome {
    let config = context.config_or_default(Purpose::Look)?;
    let imported = match import(&arguments.document, &config).await {
        Ok(imported) => imported,
        Err(error) => Imported { error: Some(format!("{error:#}")), ..Imported::default() },
    };
    let code = output::exit(imported.ok);
    if arguments.json {
        output::json(&imported)?;
        return Ok(code);
    }
    if let Some(error) = imported.error {
        return Err(Failure::Failed(anyhow!(error)));
    }
    output::text(toml(&imported.feeds))?;
    for line in remarks(&imported) {
        output::say(&line);
    }
    if imported.ok { Ok(ExitCode::SUCCESS) } else { Err(Failure::Failed(anyhow!("no feed to import"))) }
}

async fn import(document: &str, config: &Config) -> anyhow::Result<Imported> {
    let source = Source::load(document, None, None, config).await?;
    let outlines = source.outlines(&config.read).map_err(|error| anyhow!("{}: {error}", source.name))?;
    Ok(Imported::of(outlines, config))
}

impl Imported {
    fn of(outlines: Outlines, config: &Config) -> Self {
        let Outlines { feeds, without_address, broken, beyond_limit } = outlines;
        let mut imported = Self { without_address, broken, beyond_limit, ..Self::default() };
        let known = feed_lines::configured(config);
        let mut places = HashMap::new();
        for Outline { address, title, folders } in feeds {
            let url = match config::feed_url(&address) {
                Ok(url) => url,
                Err(reason) => {
                    imported.refused.push(Refused { name: title, reason: shorten(&reason) });
                    continue;
                }
            };
            let identity = feed_lines::identity(&url);
            if known.contains(&identity) {
                imported.configured += 1;
            } else if let Some(first) =
                places.get(&identity).and_then(|place: &usize| imported.feeds.get_mut(*place))
            {
                imported.duplicates += 1;
                first.name = first.name.take().or(title);
                let new: Vec<_> = folders.into_iter().filter(|tag| !first.tags.contains(tag)).collect();
                first.tags.extend(new);
            } else {
                places.insert(identity, imported.feeds.len());
                let name = title.filter(|title| title != url.as_str());
                imported.feeds.push(FeedLines { url, name, tags: folders });
            }
        }
        imported.ok = !imported.feeds.is_empty() || imported.configured > 0;
        imported
    }
}

fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn toml(feeds: &[FeedLines]) -> String {
    feeds.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// What a person should know, a line each.
fn remarks(imported: &Imported) -> Vec<String> {
    let Imported { feeds, configured, duplicates, refused, without_address, broken, beyond_limit, .. } =
        imported;
    let mut lines = vec![format!("{} imported", count(feeds.len(), "feed"))];
    let counts = [
        (*configured, "feed", "in the configuration already"),
        (*duplicates, "feed", "listed again; their folders are tags of the first"),
        (*without_address, "outline", "without an xmlUrl left out"),
        (*broken, "outline", "so broken that nothing could be read"),
        (*beyond_limit, "feed", "left out: more than [read] max_entries"),
        (refused.len(), "feed", "left out:"),
    ];
    let told = counts.into_iter().filter(|(number, ..)| *number > 0);
    lines.extend(told.map(|(number, word, what)| format!("{} {what}", count(number, word))));
    for Refused { name, reason } in refused.iter().take(NAMED) {
        let name = name.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
        lines.push(Clean(&format!("  {name}{reason}")).to_string().replace('\n', " "));
    }
    if refused.len() > NAMED {
        lines.push(format!("  and {} more", refused.len() - NAMED));
    }
    lines
}

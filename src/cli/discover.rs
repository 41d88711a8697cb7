//! `discover`: the feeds that a web page announces, each asked for once, as TOML ready to paste.

mod asking;

use anyhow::anyhow;
use serde::Serialize;

use super::{
    Context, Failure, Outcome,
    document::{Client, Source},
    feed_lines::{FeedLines, comment},
    output,
};
use crate::{
    app::count,
    config::{self, Config, Purpose},
    read::{Announced, Document, ReadError},
};
use asking::{Asking, Progress};

/// Feeds of one page that are asked for.
const MAX_ASKED: usize = 20;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The address of a web page, or of a feed
    #[arg(value_name = "URL")]
    url: String,
    /// Print JSON for machines
    #[arg(long)]
    json: bool,
}

/// The feeds of a page.
#[derive(Debug, Default, Serialize)]
struct Discovered {
    ok: bool,
    error: Option<String>,
    url: String,
    /// Whether the URL is a feed itself.
    is_feed: bool,
    feeds: Vec<Found>,
    /// Feeds announced beyond those.
    not_asked: usize,
}

/// A feed that was announced, and what asking for it gave.
#[derive(Debug, Serialize)]
struct Found {
    #[serde(flatten)]
    lines: FeedLines,
    ok: bool,
    error: Option<String>,
    /// Whether it is in the configuration already; then it was not asked for.
    configured: bool,
    articles: Option<usize>,
}

impl Found {
    fn new(Announced { url, title }: Announced) -> Self {
        let lines = FeedLines { url, name: title, tags: Vec::new() };
        Self { lines, ok: false, error: None, configured: false, articles: None }
    }

    fn readable(mut self, document: Document) -> Self {
        self.lines.name = document.title.or(self.lines.name);
        Self { ok: true, articles: Some(document.articles.len()), ..self }
    }

    fn unreadable(self, why: &(impl ToString + ?Sized)) -> Self {
        Self { error: Some(why.to_string()), ..self }
    }

    /// What was found out, on one line.
    fn remark(&self) -> String {
        match &self.error {
            _ if self.configured => "in the configuration already".to_owned(),
            Some(error) => format!("cannot be read: {error}"),
            None => count(self.articles.unwrap_or(0), "article"),
        }
    }
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Outcome {
    let config = context.config_or_default(Purpose::Look)?;
    let url = config::feed_url(&arguments.url).map_err(Failure::Usage)?;
    let client = Client::new(url, &config)?;
    let discovered = match client.fetch().await {
        Ok(page) => discover(&client, &page, &config, arguments.json).await,
        Err(error) => failed(error.to_string()),
    };
    let discovered = Discovered { url: client.name(), ..discovered };
    if arguments.json {
        output::json(&discovered)?;
    } else if let Some(error) = &discovered.error {
        return Err(Failure::Failed(anyhow!("{}: {error}", discovered.url)));
    } else {
        output::text(toml(&discovered, client.has_credentials()))?;
    }
    Ok(output::exit(discovered.ok))
}

fn failed(error: String) -> Discovered {
    Discovered { error: Some(error), ..Discovered::default() }
}

async fn discover(client: &Client, page: &Source, config: &Config, json: bool) -> Discovered {
    let mut asking = Asking::new(client, config);
    let refused = match page.read(&config.read) {
        Ok(document) => return feed_itself(client, document, &asking),
        Err(refused) => refused,
    };
    let mut announced = page.announced_feeds(&config.read);
    if announced.is_empty() {
        return failed(nothing_announced(&refused));
    }
    let not_asked = announced.len().saturating_sub(MAX_ASKED);
    announced.truncate(MAX_ASKED);
    let progress = Progress::new(announced.len(), json);
    client.url().into_iter().chain(page.base()).for_each(|url| asking.asked(url, false));
    let mut feeds = Vec::new();
    for announced in announced {
        progress.begin(&announced.url);
        let found = asking.ask(Found::new(announced)).await;
        progress.done(&found);
        feeds.push(found);
    }
    let ok = feeds.iter().any(|found| found.ok || found.configured);
    Discovered { ok, feeds, not_asked, ..Discovered::default() }
}

fn feed_itself(client: &Client, document: Document, asking: &Asking<'_>) -> Discovered {
    let announced = client.url().map(|url| Announced { url: url.clone(), title: None });
    let found = announced.map(|announced| Found::new(announced).readable(document));
    let found = found.map(|found| Found { configured: asking.is_configured(&found.lines.url), ..found });
    Discovered { ok: true, is_feed: true, feeds: found.into_iter().collect(), ..Discovered::default() }
}

/// What is wrong with a page without feeds, and what to try.
fn nothing_announced(refused: &ReadError) -> String {
    match refused {
        ReadError::WebPage(_) => {
            "the page announces no feed; look for a link named RSS on it, or try feedwatch \
                                  discover with /feed, /rss.xml or /atom.xml behind the address of the site"
                .to_owned()
        }
        other => format!("neither a feed nor a page that announces one: {other}"),
    }
}

/// For the configuration: what can be watched as it is, the rest as comments that say why.
fn toml(discovered: &Discovered, has_credentials: bool) -> String {
    let Discovered { url, is_feed, feeds, not_asked, .. } = discovered;
    let announced = count(feeds.len() + not_asked, "feed");
    let what = if *is_feed { "is a feed itself".to_owned() } else { format!("announces {announced}") };
    let mut out = comment(&format!("{url} {what}"));
    if has_credentials {
        out +=
            &comment("asked with a user and a password: a feed that needs them needs username and password");
    }
    for found in feeds {
        let lines = found.lines.to_string();
        out.push('\n');
        out += &comment(&found.remark());
        out += &if found.ok && !found.configured { lines } else { comment(&lines) };
    }
    if *not_asked > 0 {
        out.push('\n');
        out += &comment(&format!("and {not_asked} more, which were not asked for"));
    }
    out
}

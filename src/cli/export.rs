//! `export`: the configured feeds as OPML 2.0. Tags become folders; credentials and headers stay at home.

use std::{collections::BTreeMap, fmt::Write as _, process::ExitCode};

use super::{Context, Outcome, output};
use crate::{app::count, config::Purpose, model::Feed};

pub(super) fn run(context: &Context) -> Outcome {
    let config = context.config(Purpose::Look)?;
    let feeds = &config.poll.feeds;
    output::text(opml(feeds))?;
    let tell = |what: &str, is: &dyn Fn(&&Feed) -> bool| {
        let number = feeds.iter().filter(is).count();
        if number > 0 {
            output::say(&format!("{} {what}", count(number, "feed")));
        }
    };
    tell("left out: read from a file, which OPML cannot say", &|feed| !is_web(feed));
    let is_secret = |feed: &&Feed| is_web(feed) && (feed.username.is_some() || !feed.headers.is_empty());
    tell("exported without the credentials or headers that the configuration has", &is_secret);
    Ok(ExitCode::SUCCESS)
}

fn is_web(feed: &Feed) -> bool {
    feed.location.url().is_some()
}

/// A folder: the feeds in it, and further folders by name.
#[derive(Default)]
struct Folder<'a> {
    feeds: Vec<&'a Feed>,
    folders: BTreeMap<&'a str, Folder<'a>>,
}

/// A document in which each feed lies in folders named after its tags, the first one outermost.
fn opml(feeds: &[Feed]) -> String {
    let mut root = Folder::default();
    for feed in feeds.iter().filter(|feed| is_web(feed)) {
        let folder = feed.tags.iter().fold(&mut root, |folder, tag| folder.folders.entry(tag).or_default());
        folder.feeds.push(feed);
    }
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">\n<head><title>feedwatch</title></head>\n<body>\n",
    );
    write(&root, &mut out);
    out + "</body>\n</opml>\n"
}

fn write(folder: &Folder<'_>, out: &mut String) {
    for feed in &folder.feeds {
        let url = feed.display_url();
        let name = escaped(feed.name.as_deref().unwrap_or(&url));
        let url = escaped(&url);
        // Writing to a text cannot fail.
        let _ = writeln!(out, "<outline type=\"rss\" text=\"{name}\" title=\"{name}\" xmlUrl=\"{url}\"/>");
    }
    for (name, folder) in &folder.folders {
        let _ = writeln!(out, "<outline text=\"{}\">", escaped(name));
        write(folder, out);
        out.push_str("</outline>\n");
    }
}

/// Text as the value of an attribute of XML; controls, and what else XML cannot hold, are left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // An attribute holds line ends and tabs only as references (XML 1.0 §3.3.3); overrides would command a terminal.
            '\t' | '\n' | '\r' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

//! Feeds as `discover` and `import` print them: `[[feed]]` in TOML, ready to paste, whatever the names hold.

use std::{
    collections::HashSet,
    fmt::{self, Write as _},
};

use serde::Serialize;
use url::Url;

use crate::{
    config::{self, Config},
    model::FeedLocation,
};

/// What is printed of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct FeedLines {
    pub url: Url,
    pub name: Option<String>,
    pub tags: Vec<String>,
}

impl fmt::Display for FeedLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "[[feed]]\nurl = {}", quoted(self.url.as_str()))?;
        if let Some(name) = &self.name {
            writeln!(f, "name = {}", quoted(name))?;
        }
        if !self.tags.is_empty() {
            let tags: Vec<String> = self.tags.iter().map(|tag| quoted(tag)).collect();
            writeln!(f, "tags = [{}]", tags.join(", "))?;
        }
        Ok(())
    }
}

/// Text as comments, each line for itself; nothing in it can end a comment.
pub(super) fn comment(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        out.push_str("# ");
        line.chars().for_each(|c| push(c, &mut out));
        out.push('\n');
    }
    out
}

/// A basic string of TOML (TOML 1.0, "String").
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        push(c, &mut out);
    }
    out + "\""
}

/// Writes a character; what commands a terminal or an editor is written as an escape.
fn push(c: char, out: &mut String) {
    let overrides = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}');
    if c.is_control() || overrides {
        // All of these have four digits.
        let _ = write!(out, "\\u{:04X}", u32::from(c));
    } else {
        out.push(c);
    }
}

/// What makes two feeds the same for the configuration: the URL without credentials.
pub(super) fn identity(url: &Url) -> Url {
    let mut location = FeedLocation::Http(url.clone());
    config::take_credentials(&mut location);
    location.url().unwrap_or(url).clone()
}

/// The identities of the feeds that are configured.
pub(super) fn configured(config: &Config) -> HashSet<&Url> {
    config.poll.feeds.iter().filter_map(|feed| feed.location.url()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str) {
        let url = Url::parse("https://example.org/a'b\"c?d=1&e").expect("url");
        let printed =
            FeedLines { url: url.clone(), name: Some(name.to_owned()), tags: vec![name.to_owned()] }
                .to_string();
        let read: toml::Table = printed.parse().unwrap_or_else(|error| panic!("{error}: {printed}"));
        let feed = &read["feed"][0];
        assert_eq!(feed["url"].as_str(), Some(url.as_str()));
        assert_eq!((feed["name"].as_str(), feed["tags"][0].as_str()), (Some(name), Some(name)));
        assert!(!printed.contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{printed:?}");
        let commented = comment(&printed);
        assert_eq!(commented.parse::<toml::Table>().map(|table| table.len()), Ok(0), "{commented}");
    }

    #[test]
    fn any_name_is_a_string_of_toml_and_commands_no_terminal() {
        check("plain");
        check("\"quoted\" \\ 'single' \"\"\" ''' # = [x]");
        check(
            "two\nlines\r\n\ttab \u{1b}]0;owned\u{7} \u{9b}31m \u{202e}desrever \u{0} \u{7f} \u{2028} 🗞 Новости",
        );
    }
}

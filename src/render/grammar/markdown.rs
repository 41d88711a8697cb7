//! Mattermost: markdown in one text.

use serde_json::Value;

use super::{Seen, only, text, within};

/// What a backslash makes text of, in the library that Mattermost's client uses.
const ESCAPABLE: &str = r"\`*{}[]()#+-.!_>~|";

pub(super) fn read(body: &Value) -> Result<Seen, String> {
    only(body, &["text"])?;
    let text = within(text(body, "/text")?, 4000)?;
    let (lines, origin) = text.rsplit_once("\n\n").ok_or("no origin")?;
    let mut lines = lines.lines();
    let headline = lines.next().ok_or("no headline")?;
    let (title, link) = title(lines.next().ok_or("no title")?)?;
    let quotes = lines.map(|line| inline(line.strip_prefix("> ").ok_or("not a quote")?));
    Ok(Seen {
        headline: plain(headline)?,
        title: plain(title)?,
        link: link.map(str::to_owned),
        quotes: quotes.collect::<Result<_, _>>()?,
        origin: plain(origin)?,
    })
}

fn title(line: &str) -> Result<(&str, Option<&str>), String> {
    if let Some(bold) = line.strip_prefix("**").and_then(|line| line.strip_suffix("**")) {
        return Ok((bold, None));
    }
    let inner = line.strip_prefix("[**").and_then(|line| line.strip_suffix(')'));
    let (title, url) = inner.and_then(|inner| inner.rsplit_once("**](")).ok_or("no title")?;
    if url.contains(['(', ')', ' ', '<', '"', '\\']) {
        return Err(format!("a link that ends early: {url}"));
    }
    Ok((title, Some(url)))
}

pub(super) fn plain(text: &str) -> Result<String, String> {
    let runs = inline(text)?;
    if runs.iter().any(|run| run.1) {
        return Err(format!("bold in {text:?}"));
    }
    Ok(runs.into_iter().map(|run| run.0).collect())
}

fn inline(text: &str) -> Result<Vec<(String, bool)>, String> {
    calls(text)?;
    let mut runs: Vec<(String, bool)> = vec![(String::new(), false)];
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (shown, is_bold) = runs.last_mut().ok_or("no run")?;
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        rest = after;
        match c {
            '\\' if after.starts_with(|c| ESCAPABLE.contains(c)) => {
                let mut chars = after.chars();
                shown.extend(chars.next());
                rest = chars.as_str();
            }
            '*' if after.starts_with('*') => {
                rest = after.get(1..).unwrap_or_default();
                let next = (String::new(), !*is_bold);
                runs.push(next);
            }
            '&' => {
                let entity =
                    [("lt;", '<'), ("amp;", '&')].into_iter().find(|(name, _)| after.starts_with(name));
                let (name, c) = entity.ok_or_else(|| format!("a bare & in {text:?}"))?;
                shown.push(c);
                rest = after.get(name.len()..).unwrap_or_default();
            }
            '<' => return Err(format!("HTML in {text:?}")),
            c if ESCAPABLE.contains(c) => return Err(format!("a mark {c:?} in {text:?}")),
            c => shown.push(c),
        }
    }
    if runs.last().is_some_and(|run| run.1) {
        return Err(format!("bold without end: {text:?}"));
    }
    runs.retain(|run| !run.0.is_empty());
    Ok(runs)
}

/// `@name`, `:emoji:`, `https://…` and `www.…` are found in the text as it is written.
fn calls(text: &str) -> Result<(), String> {
    let names =
        text.split('@').skip(1).any(|rest| rest.starts_with(|c: char| !c.is_whitespace() && c != '\u{2060}'));
    let colons: Vec<&str> = text.split(':').collect();
    let is_name = |part: &&str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+-".contains(&b))
    };
    let emoji =
        colons.len() > 2 && colons.get(1..colons.len() - 1).is_some_and(|inner| inner.iter().any(is_name));
    let lower = text.to_lowercase();
    if names
        || emoji
        || lower.contains("://")
        || lower.contains("www.")
        || lower.contains("mailto:") && !lower.contains("mailto:\u{2060}")
    {
        return Err(format!("somebody or something is called: {text:?}"));
    }
    Ok(())
}

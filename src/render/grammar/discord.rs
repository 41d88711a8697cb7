//! Discord: limits of embeds, and its markdown.

use serde_json::{Value, json};

use super::{Seen, only, text, within};

/// Whatever Discord begins markup, mentions, emoji or automatic links with.
const MARKS: &str = "*_~|>#-[]()<:@`";

pub(super) fn read(body: &Value) -> Result<Seen, String> {
    only(body, &["embeds", "allowed_mentions"])?;
    if body["allowed_mentions"] != json!({ "parse": [] }) {
        return Err("somebody may be pinged".to_owned());
    }
    let embed = &body["embeds"][0];
    only(embed, &["author", "title", "url", "description", "footer", "timestamp", "color"])?;
    only(&embed["author"], &["name"])?;
    only(&embed["footer"], &["text"])?;
    let headline = within(text(embed, "/author/name")?, 256)?;
    let title = within(text(embed, "/title")?, 256)?;
    let origin = within(text(embed, "/footer/text")?, 2048)?;
    let description = embed["description"].as_str();
    description.map_or(Ok(""), |description| within(description, 4096))?;
    let all = [headline, title, origin, description.unwrap_or_default()];
    if all.iter().map(|text| super::super::text::utf16(text)).sum::<usize>() > 6000 {
        return Err("more than 6000 characters".to_owned());
    }
    let quotes = description.into_iter().flat_map(str::lines).map(quote).collect::<Result<_, _>>()?;
    let link = embed["url"].as_str();
    link.map_or(Ok(""), |link| within(link, 2048))?;
    let title = inline(title)?;
    if title.iter().any(|(_, is_bold)| *is_bold) {
        return Err("bold in a title".to_owned());
    }
    Ok(Seen {
        headline: headline.to_owned(),
        title: title.into_iter().map(|(text, _)| text).collect(),
        link: link.map(str::to_owned),
        quotes,
        origin: origin.to_owned(),
    })
}

fn quote(line: &str) -> Result<Vec<(String, bool)>, String> {
    inline(line.strip_prefix("> ").ok_or("not a quote")?)
}

/// A backslash makes text of any character but letters, digits and space; `**` is the one mark that is ours.
pub(super) fn inline(text: &str) -> Result<Vec<(String, bool)>, String> {
    if text
        .split_once('.')
        .is_some_and(|(number, _)| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
    {
        return Err(format!("a list: {text:?}"));
    }
    let mut runs: Vec<(String, bool)> = vec![(String::new(), false)];
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let (shown, is_bold) = runs.last_mut().ok_or("no run")?;
        match c {
            '\\' if chars.peek().is_some_and(|c| !c.is_ascii_alphanumeric() && !c.is_whitespace()) => {
                shown.extend(chars.next());
            }
            '*' if chars.peek() == Some(&'*') => {
                chars.next();
                let next = (String::new(), !*is_bold);
                runs.push(next);
            }
            c if MARKS.contains(c) => return Err(format!("a mark {c:?} in {text:?}")),
            c => shown.push(c),
        }
    }
    if runs.last().is_some_and(|run| run.1) {
        return Err(format!("bold without end: {text:?}"));
    }
    runs.retain(|run| !run.0.is_empty());
    Ok(runs)
}

//! Telegram: its HTML mode, and what it finds in plain text by itself.

use serde_json::Value;

use super::{Seen, only, text, within};

pub(super) fn read(body: &Value) -> Result<Seen, String> {
    only(body, &["text", "parse_mode", "link_preview_options"])?;
    if body["parse_mode"] != "HTML" {
        return Err("not HTML".to_owned());
    }
    let nodes = parse(text(body, "/text")?)?;
    let whole: String = nodes.iter().map(|node| node.text.as_str()).collect();
    within(&whole, 4096)?;
    calls(&whole)?;
    let mut seen = Seen::default();
    let mut line = 0;
    let mut was_quote = false;
    for node in nodes {
        let quoted = node.tags.iter().any(|tag| tag == "blockquote");
        if quoted {
            if !was_quote {
                seen.quotes.push(Vec::new());
            }
            let is_bold = node.tags.iter().any(|tag| tag == "b");
            seen.quotes.last_mut().ok_or("no quote")?.push((node.text, is_bold));
        } else if node.tags == ["b"] {
            seen.headline = node.text;
        } else if let Some(link) = node.tags.first().and_then(|tag| tag.strip_prefix("a ")) {
            seen.link = Some(link.to_owned());
            seen.title = node.text;
        } else {
            for (place, part) in node.text.split('\n').enumerate() {
                line += usize::from(place > 0);
                match line {
                    1 if !part.is_empty() => part.clone_into(&mut seen.title),
                    _ if !part.is_empty() => part.clone_into(&mut seen.origin),
                    _ => {}
                }
            }
        }
        was_quote = quoted;
    }
    Ok(seen)
}

struct Node {
    text: String,
    tags: Vec<String>,
}

/// Text with the tags around it. Only those that we use are known, each with the one attribute that it may have.
fn parse(html: &str) -> Result<Vec<Node>, String> {
    let mut nodes = Vec::new();
    let mut tags: Vec<String> = Vec::new();
    let mut rest = html;
    while !rest.is_empty() {
        let end = rest.find('<').unwrap_or(rest.len());
        let (text, tail) = rest.split_at(end);
        if !text.is_empty() {
            nodes.push(Node { text: decode(text)?, tags: tags.clone() });
        }
        let Some(tail) = tail.strip_prefix('<') else { break };
        let (tag, tail) = tail.split_once('>').ok_or("a tag without end")?;
        rest = tail;
        if let Some(closed) = tag.strip_prefix('/') {
            let open = tags.pop().ok_or("closed, not opened")?;
            if open.split(' ').next() != Some(closed) {
                return Err(format!("{closed} closes {open}"));
            }
        } else if let Some(href) = tag.strip_prefix("a href=\"").and_then(|tag| tag.strip_suffix('"')) {
            if href.contains('"') {
                return Err(format!("an attribute that ends early: {tag}"));
            }
            tags.push(format!("a {}", decode(href)?));
        } else if matches!(tag, "b" | "blockquote") {
            tags.push(tag.to_owned());
        } else {
            return Err(format!("unexpected tag {tag:?}"));
        }
    }
    if tags.is_empty() { Ok(nodes) } else { Err(format!("open at the end: {tags:?}")) }
}

fn decode(text: &str) -> Result<String, String> {
    const ENTITIES: [(&str, char); 4] = [("amp;", '&'), ("lt;", '<'), ("gt;", '>'), ("quot;", '"')];
    let mut parts = text.split('&');
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let entity = ENTITIES.iter().find(|(name, _)| part.starts_with(name));
        let (name, c) = entity.ok_or_else(|| format!("a bare & in {text:?}"))?;
        decoded.push(*c);
        decoded.push_str(part.get(name.len()..).unwrap_or_default());
    }
    if decoded.contains('>') && text.contains('>') {
        Err(format!("a bare > in {text:?}"))
    } else {
        Ok(decoded)
    }
}

/// `@name` and `/command` in text.
pub(super) fn calls(text: &str) -> Result<(), String> {
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let is_word_next = chars.peek().is_some_and(|c| c.is_alphanumeric() || *c == '_');
        if c == '@' && is_word_next || c == '/' && is_word_next && !before.is_alphanumeric() {
            return Err(format!("somebody or something is called: {text:?}"));
        }
        before = c;
    }
    Ok(())
}

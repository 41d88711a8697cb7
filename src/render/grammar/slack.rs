//! Slack: blocks as in its Block Kit reference; text outside of them as mrkdwn.

use serde_json::Value;

use super::{Seen, only, text, within};

pub(super) fn read(body: &Value) -> Result<Seen, String> {
    only(body, &["text", "mrkdwn", "unfurl_links", "unfurl_media", "blocks"])?;
    decode(within(text(body, "/text")?, 4000)?)?;
    let blocks = body["blocks"].as_array().ok_or("no blocks")?;
    if blocks.len() > 50 || body["mrkdwn"] != false {
        return Err("too many blocks, or mrkdwn".to_owned());
    }
    let elements = body["blocks"][0]["elements"].as_array().ok_or("no elements")?;
    let mut seen = Seen::default();
    for element in elements {
        let runs = element["elements"].as_array().ok_or("no runs")?;
        match element["type"].as_str() {
            Some("rich_text_section") => head(runs, &mut seen)?,
            Some("rich_text_quote") => seen.quotes.push(runs.iter().map(run).collect::<Result<_, _>>()?),
            _ => return Err(format!("unexpected element {element}")),
        }
    }
    let context = &body["blocks"][1]["elements"][0];
    only(context, &["type", "text", "emoji"])?;
    if context["type"] != "plain_text" || context["emoji"] != false {
        return Err(format!("unexpected context {context}"));
    }
    within(text(context, "/text")?, 2000)?.clone_into(&mut seen.origin);
    Ok(seen)
}

fn head(runs: &[Value], seen: &mut Seen) -> Result<(), String> {
    let [headline, line, title] = runs else { return Err(format!("unexpected section {runs:?}")) };
    if run(line)?.0 != "\n" {
        return Err("no line break".to_owned());
    }
    seen.headline = run(headline)?.0;
    seen.title = run(title)?.0;
    seen.link = title["url"].as_str().map(str::to_owned);
    Ok(())
}

/// `text` and `link` elements parse nothing.
fn run(element: &Value) -> Result<(String, bool), String> {
    match element["type"].as_str() {
        Some("text") => only(element, &["type", "text", "style"])?,
        Some("link") => only(element, &["type", "text", "style", "url"])?,
        _ => return Err(format!("unexpected run {element}")),
    }
    let text = text(element, "/text")?;
    if text.is_empty() {
        return Err("Slack refuses empty texts".to_owned());
    }
    Ok((text.to_owned(), element["style"]["bold"] == true))
}

/// `<…>` is a mention or a link; `&` begins one of three entities.
pub(super) fn decode(text: &str) -> Result<String, String> {
    if text.contains(['<', '>']) {
        return Err(format!("markup in {text:?}"));
    }
    let parts: Vec<&str> = text.split('&').collect();
    let is_entity = |part: &&&str| ["amp;", "lt;", "gt;"].iter().any(|entity| part.starts_with(entity));
    if parts.iter().skip(1).filter(is_entity).count() + 1 != parts.len() {
        return Err(format!("a bare & in {text:?}"));
    }
    Ok(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}

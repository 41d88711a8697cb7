//! Microsoft Teams: an Adaptive Card 1.2 of rich text.

use serde_json::Value;

use super::{Seen, only, text};

/// Flows fail from 21 KB.
const MAX_BODY: usize = 20_000;

pub(super) fn read(body: &Value) -> Result<Seen, String> {
    if body.to_string().len() > MAX_BODY {
        return Err("more than 20,000 bytes".to_owned());
    }
    only(body, &["type", "attachments"])?;
    let attachment = &body["attachments"][0];
    only(attachment, &["contentType", "contentUrl", "content"])?;
    let card = &attachment["content"];
    only(card, &["type", "$schema", "version", "msteams", "body", "actions"])?;
    only(&card["msteams"], &["width"])?;
    if (&card["type"], &card["version"]) != (&"AdaptiveCard".into(), &"1.2".into()) {
        return Err("not an Adaptive Card 1.2".to_owned());
    }
    let blocks = card["body"].as_array().ok_or("no body")?;
    let blocks: Vec<Vec<(String, bool)>> = blocks.iter().map(block).collect::<Result<_, _>>()?;
    let [headline, title, quotes @ .., origin] = blocks.as_slice() else {
        return Err("too few blocks".to_owned());
    };
    let one = |block: &[(String, bool)]| block.iter().map(|run| run.0.as_str()).collect::<String>();
    let link = card["body"][1]["inlines"][0]["selectAction"]["url"].as_str();
    if card["actions"][0]["url"].as_str() != link {
        return Err("title and button lead to different places".to_owned());
    }
    Ok(Seen {
        headline: one(headline),
        title: one(title),
        link: link.map(str::to_owned),
        quotes: quotes.to_vec(),
        origin: one(origin),
    })
}

fn block(block: &Value) -> Result<Vec<(String, bool)>, String> {
    only(block, &["type", "inlines"])?;
    if block["type"] != "RichTextBlock" {
        return Err(format!("unexpected block {block}"));
    }
    block["inlines"].as_array().ok_or("no inlines")?.iter().map(run).collect()
}

/// A run knows no markdown, but functions of time in double braces.
fn run(run: &Value) -> Result<(String, bool), String> {
    only(run, &["type", "text", "weight", "size", "color", "isSubtle", "highlight", "selectAction"])?;
    // A space between two marked words is a run of its own.
    let text = text(run, "/text")?;
    let is_sound = !text.is_empty() && super::super::text::utf16(text) <= 8000 && !text.contains("{{");
    if run["type"] != "TextRun" || !is_sound {
        return Err(format!("unexpected run {run}"));
    }
    Ok((text.to_owned(), run["highlight"] == true))
}

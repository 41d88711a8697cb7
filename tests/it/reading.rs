//! Feeds as they are in the wild: small documents, each named after the trait it shows, and the articles in them.

mod adversary;
mod damage;
mod encodings;
mod identity;
mod refused;
mod traits;

use feedwatch::{
    model::Article,
    read::{self, Document, Limits, ReadError, Source},
};
use url::Url;

/// Reads a document as if it had come from `https://example.org/feeds/news.xml`.
pub fn try_read(body: impl AsRef<[u8]>, content_type: Option<&str>) -> Result<Document, ReadError> {
    let base = Url::parse("https://example.org/feeds/news.xml").expect("a URL");
    read::read(body.as_ref(), Source { content_type, base: Some(&base) }, &Limits::default())
}

#[track_caller]
fn read(body: impl AsRef<[u8]>) -> Document {
    let shown = String::from_utf8_lossy(body.as_ref()).into_owned();
    try_read(body, None).unwrap_or_else(|error| panic!("{error}: {shown}"))
}

fn rss(items: &str) -> String {
    format!("<rss version=\"2.0\"><channel><title>News</title>{items}</channel></rss>")
}

fn atom(entries: &str) -> String {
    format!("<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>News</title>{entries}</feed>")
}

/// What most tests look at: a line for each article, with the fields that it has.
fn lines(document: &Document) -> Vec<String> {
    document.articles.iter().map(line).collect()
}

fn line(article: &Article) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let link = article.link.as_ref().map_or("-", Url::as_str);
    format!("{} | {link} | {} | {}", text(&article.title), text(&article.summary), text(&article.content))
}

fn titles(document: &Document) -> Vec<&str> {
    document.articles.iter().map(|article| article.title.as_deref().unwrap_or("-")).collect()
}

fn repairs(document: &Document) -> Vec<&'static str> {
    document.report.repairs.keys().map(|repair| repair.as_str()).collect()
}

//! Feed documents, written by hand: what a publisher might send.

use std::fmt::Write;

use feedwatch::model::Timestamp;

use super::now;

/// An article that names S-400, Patriot, F-35 and sanctions, two of them in the title.
pub const ALL_FOUR: &str = "Turkey keeps its S-400 and wants the F-35 back";
/// Its summary: the other two.
pub const ALL_FOUR_SUMMARY: &str = "Talks on Patriot batteries go on; sanctions are still in force.";

/// An entry of a feed.
#[derive(Debug, Clone)]
pub struct Article {
    /// Identity; also the last part of the link.
    pub id: String,
    /// Plain text.
    pub title: String,
    /// Plain text.
    pub summary: String,
    /// Publisher's stamp.
    pub published: Timestamp,
}

impl Article {
    /// An article published just now that mentions no topic.
    pub fn new(id: &str, title: &str) -> Self {
        Self {
            id: id.to_owned(),
            title: title.to_owned(),
            summary: "Nothing else.".to_owned(),
            published: now(),
        }
    }

    /// An article published just now that mentions S-400 once, in the title.
    pub fn about_s400(id: &str) -> Self {
        Self::new(id, &format!("The S-400 is in the news again ({id})"))
    }

    /// An article published just now that mentions all four topics.
    pub fn about_all_four(id: &str) -> Self {
        Self { summary: ALL_FOUR_SUMMARY.to_owned(), ..Self::new(id, ALL_FOUR) }
    }

    /// Where it can be read.
    pub fn link(&self) -> String {
        format!("https://news.example/{}", self.id)
    }
}

/// An RSS 2.0 document.
pub fn rss(title: &str, articles: &[Article]) -> String {
    let mut items = String::new();
    for article in articles {
        let (link, date) = (article.link(), article.published.to_rfc2822());
        let (id, title, summary) = (escape(&article.id), escape(&article.title), escape(&article.summary));
        let _ = writeln!(
            items,
            "<item><guid isPermaLink=\"false\">{id}</guid><title>{title}</title><link>{link}</link>\
             <pubDate>{date}</pubDate><description>{summary}</description></item>"
        );
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel><title>{}</title>\
         <link>https://news.example/</link><description>A test feed</description>\n{items}</channel></rss>\n",
        escape(title)
    )
}

/// An Atom document.
pub fn atom(title: &str, articles: &[Article]) -> String {
    let mut entries = String::new();
    for article in articles {
        let (link, date) = (article.link(), article.published.to_rfc3339());
        let (id, title, summary) = (escape(&article.id), escape(&article.title), escape(&article.summary));
        let _ = writeln!(
            entries,
            "<entry><id>urn:test:{id}</id><title>{title}</title><link href=\"{link}\"/>\
             <published>{date}</published><updated>{date}</updated><summary>{summary}</summary></entry>"
        );
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\
         <title>{}</title><id>urn:test:feed</id><updated>{}</updated>\n{entries}</feed>\n",
        escape(title),
        now().to_rfc3339()
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

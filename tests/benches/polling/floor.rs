//! The least that polling can cost: a GET, feed-rs, a match. Nothing repaired, nothing stored, no manners.

use std::{process::Command, sync::Arc};

use feedwatch::{
    matcher::{Matcher, Text},
    model::{Aliases, Topic},
};
use reqwest::{Client, StatusCode, header::IF_NONE_MATCH};
use tokio::{runtime::Runtime, task::JoinSet};

use super::{IN_FLIGHT, TERMS, site};

/// The argument that makes this program the floor; the port of the site follows.
pub const FLOOR: &str = "--floor";
/// ... with validators, so that all is unchanged.
const UNCHANGED: &str = "--unchanged";

/// This program as the floor.
pub fn command(site: &site::Site, feeds: usize, is_unchanged: bool) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("its own path"));
    command.args([FLOOR, &site.port().to_string(), "--feeds", &feeds.to_string()]);
    command.args(is_unchanged.then_some(UNCHANGED));
    command
}

/// Polls all feeds once.
pub fn poll_all(port: usize, feeds: usize) {
    let port = u16::try_from(port).expect("a port");
    let is_unchanged = std::env::args().any(|arg| arg == UNCHANGED);
    let topics = TERMS.map(|term| Topic { any: vec![term.to_owned()], ..Topic::named(term) });
    let matcher = Arc::new(Matcher::compile(&topics, &Aliases::new()).expect("right"));
    let _ = rustls::crypto::ring::default_provider().install_default();
    #[expect(clippy::disallowed_methods, reason = "the floor is no client of ours")]
    let client = Client::builder().no_proxy().build().expect("a client");
    let found = Runtime::new().expect("a runtime").block_on(async {
        let (mut polls, mut found) = (JoinSet::new(), 0);
        for feed in 0..feeds {
            if polls.len() == IN_FLIGHT {
                found += polls.join_next().await.map_or(0, |found| found.expect("no panic"));
            }
            polls.spawn(poll(client.clone(), site::url(port, feed), Arc::clone(&matcher), is_unchanged));
        }
        found + polls.join_all().await.into_iter().sum::<usize>()
    });
    println!("{found}");
}

async fn poll(client: Client, url: String, matcher: Arc<Matcher>, is_unchanged: bool) -> usize {
    let mut request = client.get(url);
    if is_unchanged {
        request = request.header(IF_NONE_MATCH, "\"1\"");
    }
    let answer = request.send().await.expect("an answer");
    if answer.status() == StatusCode::NOT_MODIFIED {
        return 0;
    }
    #[expect(clippy::disallowed_methods, reason = "the floor caps nothing")]
    let body = answer.bytes().await.expect("a body");
    let feed = feed_rs::parser::parse(&body[..]).expect("a feed");
    let text = |text: &Option<feed_rs::model::Text>| text.as_ref().map(|text| text.content.clone());
    let find = |entry: &feed_rs::model::Entry| {
        let (title, summary) = (text(&entry.title), text(&entry.summary));
        let (title, summary) = (title.unwrap_or_default(), summary.unwrap_or_default());
        matcher.find(&Text::of_line(&title, &summary), None).len()
    };
    feed.entries.iter().map(find).sum()
}

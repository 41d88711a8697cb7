//! More than anybody can read, or a receiver can take: floods, pace, and polling that pauses instead of losing.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{
    Article, Config, Home, Receiver, Reply, Site, holds,
    http::{self, Server},
    now, until,
};

/// So many articles about the S-400, the first one the newest.
fn many(count: usize) -> Vec<Article> {
    let article = |n: usize| {
        let published = now() - Duration::from_secs(10 * n as u64);
        Article { published, ..Article::about_s400(&format!("a{n}")) }
    };
    (0..count).map(article).collect()
}

/// A Mattermost that takes everything.
struct Chat {
    server: Server,
    texts: Arc<Mutex<Vec<String>>>,
}

impl Chat {
    async fn start() -> Self {
        let texts: Arc<Mutex<Vec<String>>> = Arc::default();
        let record = texts.clone();
        let server = Server::start(http::any_port(), move |mut connection| {
            let record = record.clone();
            async move {
                while let Some(request) = http::read_request(&mut connection).await {
                    let body: Value = serde_json::from_slice(&request.body).expect("JSON");
                    let text = body["text"].as_str().expect("a text").to_owned();
                    record.lock().expect("nobody panics with it").push(text);
                    if http::respond(&mut connection, 200, &[], b"ok").await.is_err() {
                        break;
                    }
                }
            }
        })
        .await;
        Self { server, texts }
    }

    fn notifier(&self) -> String {
        let address = self.server.address;
        format!(
            "[[notifier]]\nname = \"chat\"\ntype = \"webhook\"\nformat = \"mattermost\"\nurl = \"http://{address}/hooks/1\"\n"
        )
    }

    fn texts(&self) -> Vec<String> {
        self.texts.lock().expect("nobody panics with it").clone()
    }
}

#[tokio::test]
async fn of_a_flood_the_newest_are_sent_and_the_rest_waits_for_a_person() {
    let (site, desk) = (Site::start().await, Receiver::start(1).await);
    site.publish("/news.xml", &many(520));
    let home = Home::new(
        &Config::new()
            .feed(&site, "/news.xml")
            .webhook("desk", &desk)
            .add("[[notifier]]\nname = \"log\"\ntype = \"log\"\nevents = [\"feed.failing\"]\n"),
    );
    let once = home.run(&["once"]).await;
    assert_eq!(once.code, Some(1), "somebody must look: {}", once.stdout);
    let articles = desk.articles();
    assert_eq!(articles.len(), 500);
    for (id, is_sent) in [("a0", true), ("a499", true), ("a500", false), ("a519", false)] {
        assert_eq!(articles.contains_key(&format!("https://news.example/{id}")), is_sent, "{id}");
    }
    assert_eq!(once.stderr.matches("flood: ").count(), 2, "an error, and the event: {}", once.stderr);
    assert!(once.stderr.contains("flood: 20 alerts held back"), "{}", once.stderr);
    let status = home.status().await;
    assert_eq!((&status["ok"], &status["notifiers"][0]["held_back"]), (&json!(false), &json!(20)));
    let text = home.run(&["status"]).await.stdout;
    assert!(text.contains("20 held back") && text.contains("redeliver --dead"), "{text}");

    // Another round finds nothing new, and a person sends the rest.
    home.run(&["once"]).await;
    assert_eq!(desk.articles().len(), 500);
    let redeliver = home.run(&["redeliver", "--dead"]).await;
    assert_eq!(redeliver.stdout, "20 deliveries back in the queue\n");
    assert_eq!(home.run(&["once"]).await.code, Some(0));
    let articles = desk.articles();
    assert_eq!(articles.len(), 520);
    assert!(articles.values().all(|&times| times == 1), "each once");
}

#[tokio::test]
async fn a_chat_is_told_how_many_more_there_are() {
    let (site, chat) = (Site::start().await, Chat::start().await);
    site.publish("/news.xml", &many(505));
    let notifier = chat.notifier();
    let home = Home::new(&Config::new().feed(&site, "/news.xml").add(&notifier));
    assert_eq!(home.run(&["once"]).await.code, Some(1));
    let texts = chat.texts();
    assert_eq!(texts.len(), 501);
    let overflow: Vec<_> = texts.iter().filter(|text| text.contains("held back")).collect();
    assert_eq!(overflow.len(), 1);
    assert!(overflow[0].contains("5 alerts held back") && overflow[0].contains("redeliver"), "{overflow:?}");
}

#[tokio::test]
async fn a_rate_is_kept_and_nothing_is_lost() {
    let (site, desk) = (Site::start().await, Receiver::start(1).await);
    site.publish("/news.xml", &many(12));
    let (url, secret) = (desk.url(), desk.secret());
    let notifier = format!(
        "[[notifier]]\nname = \"desk\"\ntype = \"webhook\"\nurl = \"{url}\"\nsecret = \"{secret}\"\nrate = \"4/s\"\n"
    );
    let home = Home::new(&Config::new().feed(&site, "/news.xml").add(&notifier));
    let begun = Instant::now();
    let once = home.run(&["once"]).await;
    assert_eq!(once.code, Some(0), "{once:#?}");
    assert_eq!(desk.articles().len(), 12);
    let first = desk.attempts()[0].request.at;
    let spans: Vec<Duration> = desk.attempts().iter().map(|attempt| attempt.request.at - first).collect();
    for (n, span) in spans.iter().enumerate().skip(4) {
        let earliest = Duration::from_millis(250) * u32::try_from(n - 3).expect("few");
        assert!(*span + Duration::from_millis(150) >= earliest, "message {n} after {span:?}: {spans:?}");
    }
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn polling_pauses_while_too_many_deliveries_wait_and_goes_on_after() {
    let (site, desk) = (Site::start().await, Receiver::start(1).await);
    desk.otherwise(Reply::Status(503));
    site.publish("/news.xml", &many(10));
    let config = Config::new().feed(&site, "/news.xml").webhook("desk", &desk);
    let home = Home::new(&config.notify("max_pending = 10\nretry = [\"300ms\"]\nbreaker = \"1s\""));
    let daemon = home.start().await;
    daemon.line("polling pauses").await;
    let polls = site.visits("/news.xml").len();
    let status = home.status().await;
    assert_eq!(status["ok"], false, "{status:#}");
    assert!(status["polling"].as_str().is_some_and(|why| why.contains("max_pending")), "{status:#}");
    let text = home.run(&["status"]).await.stdout;
    assert!(text.contains("polling pauses"), "{text}");
    let mut all = many(10);
    all.push(Article::about_s400("later"));
    site.publish("/news.xml", &all);
    holds("attempts go on", || desk.attempts().len() > 15).await;
    assert!(site.visits("/news.xml").len() <= polls + 1, "one may have been under way");
    desk.otherwise(Reply::Status(204));
    daemon.line("polling goes on").await;
    holds("what the feed kept arrives", || desk.articles().len() == 11).await;
    until("status has nothing to say", async || {
        (home.status().await["polling"] == json!(null)).then_some(())
    })
    .await;
    daemon.stop().await;
}

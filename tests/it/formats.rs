//! The real program posts to every format's receiver on loopback: what arrives, and what the receivers' own words change.

use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::support::{
    Article, Home, Output, Site,
    http::{self, Connection, Request, Server},
};

/// A feed's own hands on it: nobody may be called by this.
const HOSTILE: &str = "S-400 @everyone <!channel> **b** [x](https://evil.example) {{7*7}} </a><b>";
/// Secrets that may stand in no file and no output.
const CANARIES: [&str; 3] = ["canary-topic", "canary-key", "-100777000777"];

/// All vendors on one port, told apart by the first part of the path.
struct Vendors {
    server: Server,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Vendors {
    /// `answer` gives status and body for a path, and for how many requests came to it before.
    async fn start(answer: impl Fn(&str, usize) -> (u16, &'static str) + Send + Sync + 'static) -> Self {
        let seen: Arc<Mutex<Vec<Request>>> = Arc::default();
        let (record, answer) = (seen.clone(), Arc::new(answer));
        let server = Server::start(http::any_port(), move |connection| {
            serve(connection, record.clone(), answer.clone())
        })
        .await;
        Self { server, seen }
    }

    fn requests(&self) -> Vec<Request> {
        self.seen.lock().expect("nobody panics with it").clone()
    }

    /// The one request that came to a path.
    #[track_caller]
    fn one(&self, path: &str) -> Request {
        let requests: Vec<Request> =
            self.requests().into_iter().filter(|request| request.path.starts_with(path)).collect();
        assert_eq!(requests.len(), 1, "{path}");
        requests[0].clone()
    }

    /// All formats, each to its own path here.
    fn notifiers(&self) -> String {
        let base = format!("http://{}", self.server.address);
        let mut text = String::new();
        for (name, path, more) in [
            ("standard", "/standard", ""),
            ("cloudevents", "/cloudevents", ""),
            ("slack", "/slack", ""),
            ("discord", "/discord?thread_id=7", ""),
            ("teams", "/teams", ""),
            ("mattermost", "/mattermost", ""),
            ("telegram", "/telegram/sendMessage", "to = \"-100777000777\"\n"),
            ("ntfy", "/ntfy/canary-topic", ""),
            ("pagerduty", "/pagerduty", "to = \"canary-key\"\n"),
        ] {
            let head = format!("[[notifier]]\nname = \"{name}\"\ntype = \"webhook\"\nformat = \"{name}\"\n");
            text.extend([head, format!("url = \"{base}{path}\"\n{more}")]);
        }
        text + &format!(
            "[[notifier]]\nname = \"own\"\ntype = \"webhook\"\nurl = \"{base}/own\"\ntemplate = \"own.j2\"\n\
             content_type = \"text/plain\"\n"
        )
    }
}

async fn serve(
    mut connection: Connection,
    seen: Arc<Mutex<Vec<Request>>>,
    answer: Arc<impl Fn(&str, usize) -> (u16, &'static str)>,
) {
    while let Some(request) = http::read_request(&mut connection).await {
        let before = {
            let mut seen = seen.lock().expect("nobody panics with it");
            seen.push(request.clone());
            seen.iter().filter(|other| other.path == request.path).count() - 1
        };
        let (status, body) = answer(&request.path, before);
        if http::respond(&mut connection, status, &[], body.as_bytes()).await.is_err() {
            break;
        }
    }
}

/// What vendors say when all is well.
fn well(path: &str, _: usize) -> (u16, &'static str) {
    match path.split(['/', '?']).nth(1) {
        Some("slack" | "mattermost") => (200, "ok"),
        Some("telegram") => (200, r#"{"ok":true,"result":{}}"#),
        Some("teams" | "pagerduty") => (202, r#"{"status":"success"}"#),
        Some("discord" | "ntfy") => (200, r#"{"id":"1"}"#),
        _ => (204, ""),
    }
}

/// One round over one article with a hostile title.
async fn once(vendors: &Vendors, notify: &str) -> (Home, Output) {
    let site = Site::start().await;
    // Escaped twice, as in HTML that speaks of HTML: what is left of it is text.
    let title = HOSTILE.replace('<', "&lt;").replace('>', "&gt;");
    site.publish("/feed", &[Article::new("a", &title)]);
    let home = Home::with(&format!(
        "[notify]\n{notify}\n[[feed]]\nurl = \"{}\"\nname = \"World\"\n[[topic]]\nname = \"S-400\"\nany = [\"S-400\"]\n{}",
        site.url("/feed"),
        vendors.notifiers()
    ));
    home.write("own.j2", "{{ type }} {{ topics[0].name }} {{ article.title }}\n");
    let once = home.run(&["once"]).await;
    (home, once)
}

fn json(request: &Request) -> Value {
    serde_json::from_slice(&request.body).expect("JSON")
}

#[tokio::test]
async fn every_format_arrives_as_its_vendor_takes_it() {
    let vendors = Vendors::start(well).await;
    let (home, once) = once(&vendors, "").await;
    assert_eq!(once.code, Some(0), "{once:#?}");
    let ids: Vec<String> = vendors
        .requests()
        .iter()
        .map(|request| {
            assert_eq!(request.method, "POST");
            assert!(request.header("transfer-encoding").is_none());
            request.header("webhook-id").expect("an id").to_owned()
        })
        .collect();
    assert_eq!(ids.len(), 10, "each notifier once");
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");

    let events = vendors.one("/cloudevents");
    assert_eq!(events.header("content-type"), Some("application/cloudevents+json"));
    let body = json(&events);
    assert_eq!((&body["specversion"], &body["id"]), (&"1.0".into(), &ids[0].as_str().into()));
    assert_eq!(body["data"], json(&vendors.one("/standard"))["data"]);

    let slack = vendors.one("/slack");
    assert_eq!(slack.header("content-type"), Some("application/json"));
    assert_eq!(json(&slack)["blocks"][0]["elements"][0]["elements"][2]["text"], HOSTILE);
    assert!(json(&slack)["text"].as_str().is_some_and(|text| !text.contains('<')), "{slack:?}");

    let discord = vendors.one("/discord");
    assert_eq!(discord.path, "/discord?thread_id=7&wait=true");
    assert_eq!(json(&discord)["allowed_mentions"]["parse"], serde_json::json!([]));
    assert!(json(&discord)["embeds"][0]["title"].as_str().is_some_and(|title| title.contains("\\@everyone")));

    let card = json(&vendors.one("/teams"))["attachments"][0]["content"].clone();
    assert_eq!((&card["type"], &card["version"]), (&"AdaptiveCard".into(), &"1.2".into()));

    let mattermost = json(&vendors.one("/mattermost"))["text"].as_str().expect("text").to_owned();
    assert!(mattermost.contains("> **S\\-400** @\u{2060}everyone &lt;\\!channel\\>"), "{mattermost}");

    let telegram = vendors.one("/telegram");
    assert_eq!(telegram.path, "/telegram/sendMessage");
    assert_eq!(json(&telegram)["chat_id"], "-100777000777");
    assert!(json(&telegram)["text"].as_str().is_some_and(|text| text.contains("<blockquote><b>S-400</b> @")));

    let ntfy = vendors.one("/ntfy");
    assert_eq!((ntfy.path.as_str(), &json(&ntfy)["topic"]), ("/ntfy/", &"canary-topic".into()));
    assert_eq!(json(&ntfy)["click"], "https://news.example/a");

    let pagerduty = json(&vendors.one("/pagerduty"));
    assert_eq!(
        (&pagerduty["routing_key"], &pagerduty["dedup_key"]),
        (&"canary-key".into(), &ids[0].as_str().into())
    );
    assert_eq!(pagerduty["event_action"], "trigger");

    let own = vendors.one("/own");
    assert_eq!(own.header("content-type"), Some("text/plain"));
    assert_eq!(String::from_utf8_lossy(&own.body), format!("alert S-400 {HOSTILE}"));

    let database = std::fs::read(home.database()).expect("a database");
    for canary in CANARIES {
        let is_there = database.windows(canary.len()).any(|window| window == canary.as_bytes());
        assert!(!is_there && !once.stderr.contains(canary), "{canary}");
    }
}

#[tokio::test]
async fn a_test_is_marked_in_every_format() {
    let vendors = Vendors::start(well).await;
    let home = Home::with(&vendors.notifiers());
    home.write("own.j2", "{{ 'a test' if test else 'none' }}");
    let test = home.run(&["notify-test"]).await;
    assert_eq!(test.code, Some(0), "{test:#?}");
    for request in vendors.requests() {
        let body = String::from_utf8_lossy(&request.body).to_lowercase();
        let is_marked =
            body.contains("test: feedwatch test") || body.contains("\"test\":true") || body == "a test";
        assert!(is_marked || body.contains("test:\u{2060} feedwatch test"), "{}: {body}", request.path);
    }
    assert_eq!(vendors.requests().len(), 10);
}

/// Vendors that refuse: what has markup in it, or everything.
fn refusing(path: &str, before: usize) -> (u16, &'static str) {
    match (path.split(['/', '?']).nth(1), before) {
        (Some("slack"), 0) => (400, "invalid_blocks"),
        (Some("telegram"), 0) => {
            (400, r#"{"ok":false,"error_code":400,"description":"Bad Request: can't parse entities"}"#)
        }
        (Some("mattermost"), _) => {
            (400, r#"{"id":"web.incoming_webhook.invalid.app_error","status_code":400}"#)
        }
        (Some("pagerduty"), _) => (400, r#"{"status":"invalid event"}"#),
        (Some("discord"), _) => (200, r#"{"id":"1"}"#),
        _ => well(path, before),
    }
}

#[tokio::test]
async fn what_is_refused_is_sent_once_more_in_plain_form_or_held_or_given_up() {
    let vendors = Vendors::start(refusing).await;
    let (home, once) = once(&vendors, "retry = [\"50ms\", \"100ms\", \"200ms\"]\n").await;
    assert_eq!(once.code, Some(1), "somebody must look: {once:#?}");
    for (path, shape) in [("/slack", "blocks"), ("/telegram", "parse_mode")] {
        let bodies: Vec<Value> =
            vendors.requests().iter().filter(|request| request.path.starts_with(path)).map(json).collect();
        assert_eq!(bodies.len(), 2, "{path}");
        assert!(bodies[0].get(shape).is_some() && bodies[1].get(shape).is_none(), "{bodies:#?}");
    }
    let alerts = home.alerts().await;
    let deliveries = alerts[0]["deliveries"].as_array().expect("deliveries").clone();
    let state = |name: &str| {
        let found = deliveries.iter().find(|delivery| delivery["notifier"] == name).expect("a delivery");
        found["state"].as_str().expect("a state").to_owned()
    };
    assert_eq!(state("slack"), "delivered");
    assert_eq!(state("telegram"), "delivered");
    assert_eq!(state("mattermost"), "pending", "a removed hook is held, nothing is lost");
    assert_eq!(state("pagerduty"), "dead");
    vendors.one("/pagerduty");
}

//! A canary stands in every place that holds a secret, and receivers say it back in every form they can: it is in no log
//! line at any level, no page, no metric, no output of a command, no error, and no byte of the database.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::Command,
};

use crate::support::{
    Answer, Article, Daemon, Home, Site,
    http::{self, Connection, Request, Server},
    until,
};

/// The bytes of the signing key.
const KEY: &[u8; 32] = b"canary-signing-key-of-32-bytes!!";
/// User and password as a URL has them, and what they are.
const USER_INFO: &str = "canary-user:canary%2Dp%40ss";
const DECODED: &str = "canary-user:canary-p@ss";
/// Variables, and what stands in them.
const VARIABLES: [(&str, &str); 3] = [
    ("HOOK_TOKEN", "Bearer canary-token"),
    ("ROUTING_KEY", "canary0123456789canary0123456789"),
    ("FEED_KEY", "canary-feed-key"),
];

/// What a receiver says back of a request.
type Say = fn(&Request) -> String;

fn header(request: &Request, name: &str) -> String {
    request.header(name).unwrap_or("nothing").to_owned()
}

fn basic(request: &Request) -> String {
    let sent = header(request, "authorization");
    let decoded = STANDARD.decode(sent.trim_start_matches("Basic ")).unwrap_or_default();
    String::from_utf8_lossy(&decoded).into_owned()
}

fn start_of_body(request: &Request) -> String {
    String::from_utf8_lossy(&request.body).chars().take(150).collect()
}

/// Each way of saying it: the name, what is said.
const ECHOES: [(&str, Say); 12] = [
    ("path", |request| request.path.clone()),
    ("path in words", |request| format!("no hook {} here", request.path.replace(['/', '?', '&', '='], " "))),
    ("path in JSON", |request| format!("{{\"path\":\"{}\"}}", request.path.replace('/', "\\/"))),
    ("path decoded", |request| percent_decode_str(&request.path).decode_utf8_lossy().into_owned()),
    ("URL", |request| format!("http://{}{}", header(request, "host"), request.path)),
    ("authorization", |request| header(request, "authorization")),
    ("user and password", basic),
    ("password", |request| basic(request).split(':').next_back().unwrap_or_default().to_owned()),
    ("user", |request| basic(request).split(':').next().unwrap_or_default().to_owned()),
    ("key", |request| format!("bad key {}", header(request, "x-key"))),
    ("token", |request| header(request, "x-token").replace("Bearer ", "")),
    ("body", start_of_body),
];

async fn echo(say: Say) -> Server {
    Server::start(http::any_port(), move |connection| answer(connection, say)).await
}

async fn answer(mut connection: Connection, say: Say) {
    while let Some(request) = http::read_request(&mut connection).await {
        let moved = format!("http://127.0.0.1:1{}", request.path);
        let headers = [("location", moved.as_str()), ("content-type", "text/plain")];
        if http::respond(&mut connection, 400, &headers, say(&request).as_bytes()).await.is_err() {
            break;
        }
    }
}

/// A webhook with a secret in each place that can hold one.
fn webhook(name: &str, scheme: &str, address: &str, format: &str, more: &str) -> String {
    let key = STANDARD.encode(KEY);
    let path = match format {
        "telegram" => "/botcanary-123:token/sendMessage",
        "ntfy" => "/canary-topic",
        _ => "/hooks/canary-path/x?token=canary-query&b=canary%2Fslash",
    };
    format!(
        "[[notifier]]\nname = \"{name}\"\ntype = \"webhook\"\nformat = \"{format}\"\n\
         url = \"{scheme}://{USER_INFO}@{address}{path}\"\nsecret = [\"whsec_{key}\", \"file:key\"]\n\
         headers = {{ X-Key = \"canary-header\", X-Token = \"env:HOOK_TOKEN\" }}\n{more}\n"
    )
}

/// The daemon's home: feeds with credentials, and receivers that say back what they got.
struct Scene {
    home: Home,
    site: Site,
    _echoes: Vec<Server>,
}

async fn scene(level: &str, log: &str) -> Scene {
    let site = Site::start().await;
    site.publish("/news.xml", &[Article::about_s400("one")]);
    site.set("/broken.xml", Answer::status(401));
    let host = site.url("");
    let host = host.trim_start_matches("http://");
    let mut text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[log]\nlevel = \"{level}\"\nformat = \"{log}\"\n\
         [notify]\nretry = [\"100ms\"]\nprobe = \"1h\"\nbreaker = \"1h\"\n\
         [[topic]]\nname = \"S-400\"\nany = [\"S-400\"]\n\
         [[feed]]\nurl = \"http://{USER_INFO}@{host}/news.xml\"\ninterval = \"1s\"\n\
         headers = {{ X-Api-Key = \"env:FEED_KEY\" }}\n\
         [[feed]]\nurl = \"http://{host}/broken.xml\"\ninterval = \"1s\"\nusername = \"canary-user\"\n\
         password = \"file:password\"\n"
    );
    let mut echoes = Vec::new();
    for (name, say) in ECHOES {
        let server = echo(say).await;
        text += &webhook(name, "http", &server.address.to_string(), "standard", "");
        echoes.push(server);
    }
    for (format, more) in [
        ("telegram", "to = \"@canary_channel\""),
        ("pagerduty", "to = \"env:ROUTING_KEY\""),
        ("ntfy", ""),
        ("slack", ""),
    ] {
        let server = echo(start_of_body).await;
        text += &webhook(&format!("{format} body"), "http", &server.address.to_string(), format, more);
        echoes.push(server);
    }
    let plain = echo(|request| request.path.clone()).await;
    for (name, scheme, address) in [
        ("no TLS", "https", plain.server_address()),
        ("nobody", "http", "127.0.0.1:9".to_owned()),
        ("no such name", "http", "nowhere.invalid".to_owned()),
    ] {
        text += &webhook(name, scheme, &address, "standard", "");
    }
    echoes.push(plain);
    let home = Home::with(&text);
    home.write("key", format!("whsec_{}\n", STANDARD.encode(KEY)));
    home.write("password", "canary-file-password\n");
    for file in ["key", "password"] {
        fs::set_permissions(home.path().join(file), Permissions::from_mode(0o600)).expect("it is ours");
    }
    Scene { home, site, _echoes: echoes }
}

trait Address {
    fn server_address(&self) -> String;
}

impl Address for Server {
    fn server_address(&self) -> String {
        self.address.to_string()
    }
}

/// Fails if a secret is in it, in the form it was written in or in another one that means the same.
#[track_caller]
fn check(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    let (key, basic) = (STANDARD.encode(KEY).to_lowercase(), STANDARD.encode(DECODED).to_lowercase());
    for canary in ["canary", &key, &basic] {
        if let Some(place) = text.find(canary) {
            let from = text.floor_char_boundary(place.saturating_sub(200));
            let to = text.ceil_char_boundary((place + 200).min(text.len()));
            panic!("{what} shows {canary:?}: …{}…", text.get(from..to).unwrap_or_default());
        }
    }
}

async fn command(home: &Home, arguments: &[&str]) -> (Option<i32>, Vec<u8>) {
    let mut command: Command = home.program(arguments);
    command.envs(VARIABLES);
    let output = command.output().await.expect("the program can be started");
    let all = [output.stdout, output.stderr].concat();
    assert!(!all.is_empty(), "{arguments:?} says nothing");
    (output.status.code(), all)
}

async fn page(address: &str, path: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.expect("the page is served");
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an answer");
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{path}: {}", String::from_utf8_lossy(&answer));
    answer
}

/// Waits until every notifier was tried and every answer is on record.
async fn until_all_were_tried(home: &Home) {
    until("every notifier failed", async || {
        let (status, alerts) = (home.status().await, home.alerts().await);
        let notifiers = status["notifiers"].as_array()?;
        let deliveries = alerts.first()?["deliveries"].as_array()?;
        let is_done = notifiers.iter().all(|notifier| notifier["reason"].is_string());
        let is_echo = |notifier: &&Value| ECHOES.iter().any(|(name, _)| notifier["name"] == *name);
        for notifier in notifiers.iter().filter(is_echo).filter(|_| is_done) {
            let reason = notifier["reason"].as_str().unwrap_or_default();
            let is_body = notifier["name"] == "body";
            assert!(
                is_body || reason.contains("***") || reason.contains("[url]"),
                "nothing was said back: {notifier}"
            );
        }
        (is_done && deliveries.len() == notifiers.len()).then_some(())
    })
    .await;
}

async fn check_pages(daemon: &Daemon, home: &Home) {
    let line = daemon.line("the page is at http://").await;
    let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address");
    let id = home.alerts().await[0]["id"].as_str().expect("an id").to_owned();
    for path in ["/", "/metrics", "/alerts.atom", "/health/ready", &format!("/alerts/{id}")] {
        check(path, &page(address, path).await);
    }
}

async fn check_commands(home: &Home) {
    for arguments in [
        &["status"][..],
        &["status", "--json"],
        &["alerts"],
        &["alerts", "--json"],
        &["check"],
        &["export"],
        &["notify-test", "path"],
        &["notify-test", "telegram body"],
        &["notify-test", "no TLS"],
        &["redeliver", "--dead"],
    ] {
        check(&format!("{arguments:?}"), &command(home, arguments).await.1);
    }
}

fn check_database(home: &Home) {
    let mut files = 0;
    for entry in fs::read_dir(home.path()).expect("a directory") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("feedwatch.db") {
            files += 1;
            check(&name, &fs::read(&path).expect("a file"));
        }
    }
    assert!(files >= 2, "the database and its log");
}

/// A whole life at the most talkative level: everything it shows and keeps.
async fn live(level: &str, log: &str) {
    let Scene { home, site, _echoes } = scene(level, log).await;
    let daemon = home.spawn_with(&VARIABLES);
    daemon.line("watching ").await;
    until_all_were_tried(&home).await;
    assert!(!site.visits("/broken.xml").is_empty());
    check_pages(&daemon, &home).await;
    check_commands(&home).await;
    check_database(&home);
    let lines = daemon.log().len();
    daemon.signal(crate::support::daemon::Signal::TERM);
    let (status, log) = daemon.end().await;
    assert_eq!(status.code(), Some(0));
    assert!(lines > 50, "only {lines} lines are no test");
    for line in log {
        check("the log", line.as_bytes());
    }
    let database = fs::read(home.database()).expect("a database");
    check("the database after the end", &database);
}

#[tokio::test]
async fn no_secret_is_shown_or_kept_by_a_daemon_that_logs_everything() {
    live("trace", "text").await;
}

#[tokio::test]
async fn no_secret_is_shown_or_kept_by_a_daemon_that_logs_everything_as_json() {
    live("trace,hyper=trace,reqwest=trace,rustls=trace", "json").await;
}

#[tokio::test]
async fn once_shows_no_secret() {
    let Scene { home, .. } = scene("debug", "text").await;
    let (code, said) = command(&home, &["once"]).await;
    assert_eq!(code, Some(1), "{}", String::from_utf8_lossy(&said));
    check("once", &said);
    check("the database", &fs::read(home.database()).expect("a database"));
}

/// Mistakes in the very lines that hold secrets, and what is said of them.
#[tokio::test]
async fn no_mistake_of_a_configuration_shows_a_secret() {
    let hook = |keys: &str| format!("[[notifier]]\nname = \"a\"\ntype = \"webhook\"\n{keys}\n");
    let good = "url = \"https://hooks.example/canary-path\"";
    let mistakes = [
        hook("url = \"ftp://hooks.example/canary\""),
        hook("url = \"http://[canary\""),
        hook("url = \"canary\""),
        hook("url = \"http://169.254.169.254/canary\""),
        hook("url = \"https://hooks.example/canary-path"),
        hook("url = 'https://hooks.example/canary-path\" # canary"),
        hook(&format!("{good}\n{good}")),
        hook(&format!("{good} secert = \"canary\"")),
        hook(&format!("{good}\nsecert = \"canary\"")),
        hook(&format!("{good}\nsecret = \"canary\"")),
        hook(&format!("{good}\nsecret = [\"whsec_Y2FuYXJ5\", 7]")),
        hook(&format!("{good}\nsecret = [\"whsec_canary\"")),
        hook(&format!("{good}\nsecret = {{ canary = \"canary\" }}")),
        hook(&format!("{good}\nheaders = {{ Authorization = \"Bearer canary\", \"b d\" = \"canary\" }}")),
        hook(&format!("{good}\nheaders = {{ Authorization = \"Bearer canary\" X = 1 }}")),
        hook(&format!("{good}\nheaders = {{ Authorization = \"canary\\u0000\" }}")),
        hook(&format!("{good}\nheaders = [\"canary\"]")),
        hook(&format!("{good}\nheaders.Authorization = \"canary\"\nheaders.Authorization = \"canary\"")),
        hook(&format!("{good}\nto = \"canary\"")),
        hook(&format!("{good}\nformat = \"telegram\"\nto = \"canary canary\"")),
        hook(&format!("{good}\nformat = \"pagerduty\"\nto = 7 # canary")),
        hook(&format!("{good}\nformat = \"ntfy\"\nurl = \"https://ntfy.example/canary topic\"")),
        hook(&format!("{good}\ntimeout = \"soon\"")),
        "[[feed]]\nurl = \"http://canary:canary@[x\"\n".to_owned(),
        "[[feed]]\nurl = \"http://canary:canary@feeds.example/x\"\nintervall = \"1h\"\n".to_owned(),
        "[[feed]]\nurl = \"https://feeds.example/x\"\nusername = \"u\"\npassword = \"canary\" x\n".to_owned(),
        "[[feed]]\nurl = \"https://feeds.example/x\"\npassword = [\"canary\"]\n".to_owned(),
        "[[feed]]\nurl = \"https://feeds.example/x\"\nheaders = { \"X Y\" = \"canary\" }\n".to_owned(),
    ];
    for mistake in mistakes {
        let home = Home::with(&mistake);
        for arguments in [&["check"][..], &["check", "--json"], &["run"], &["status"]] {
            let (code, said) = command(&home, arguments).await;
            let said_text = String::from_utf8_lossy(&said).into_owned();
            assert!(code != Some(0) || arguments == ["status"], "{mistake}: {said_text}");
            check(&format!("{arguments:?} of {mistake:?}"), &said);
        }
    }
}

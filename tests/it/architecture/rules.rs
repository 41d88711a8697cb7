//! The rules, as the design lists them.

use super::source::{Found, Source};

/// Who uses whom. What a room uses, its users may use too.
const ARROWS: &[(&str, &[&str])] = &[
    ("cli", &["app", "telemetry"]),
    ("app", &["config", "telemetry"]),
    ("config", &["poll", "notify", "web", "telemetry"]),
    ("poll", &["pipeline", "store", "http"]),
    ("pipeline", &["read", "matcher", "render", "store", "metrics"]),
    ("notify", &["render", "store", "http"]),
    ("web", &["store"]),
    ("telemetry", &["read"]),
    // Counted and beaten where it happens: by all that reach the store, and by the store itself.
    ("store", &["metrics", "pulse"]),
    ("metrics", &[]),
    ("pulse", &[]),
    ("http", &[]),
    ("read", &[]),
    ("matcher", &[]),
    ("render", &[]),
    ("model", &[]),
    ("clock", &[]),
    ("secret", &[]),
];

/// What every room may use.
const FOR_ALL: [&str; 3] = ["model", "clock", "secret"];

/// The binary does arguments and the exit code, nothing else.
const MAIN_USES: [&str; 2] = ["cli", "telemetry"];

/// Values in, values out.
const PURE: [&str; 15] = [
    "read",
    "matcher",
    "render",
    "poll/schedule",
    "poll/backoff",
    "poll/conclude",
    "poll/due",
    "poll/gaps",
    "poll/hints",
    "poll/moves",
    "poll/skip",
    "poll/spread",
    "poll/validators",
    "notify/retry",
    "notify/breaker",
];

/// What a pure room never names.
const IMPURE: [&str; 10] = [
    "tokio",
    "reqwest",
    "rusqlite",
    "tokio_postgres",
    "SystemClock",
    "SystemTime",
    "TcpListener",
    "TcpStream",
    "UdpSocket",
    "fs",
];

/// Starts of statements: text that only a store writes.
const SQL: [&str; 8] = [
    "SELECT ",
    "INSERT INTO ",
    "UPDATE ",
    "DELETE FROM ",
    "CREATE TABLE ",
    "ALTER TABLE ",
    "BEGIN IMMEDIATE",
    "PRAGMA ",
];

/// Every rule that a file breaks, as `file:line: what`.
pub fn broken_rules(source: &Source) -> Vec<String> {
    let say = |(found, what): (&Found, String)| format!("{}:{}: {what}", source.file, found.line);
    if source.file == "main.rs" {
        return arrows_up(source, "main", &MAIN_USES).map(say).collect();
    }
    let Some(room) = source.module.first() else { return Vec::new() };
    if !ARROWS.iter().any(|(name, _)| name == room) {
        return vec![format!("{}: {room} is not in the design", source.file)];
    }
    arrows_up(source, room, &reachable(room))
        .chain(impurities(source))
        .chain(trespasses(source, room))
        .map(say)
        .collect()
}

/// Everything that a room may use: its arrows, followed to the end.
fn reachable(room: &str) -> Vec<&'static str> {
    let mut rooms: Vec<&str> = FOR_ALL.to_vec();
    let mut next = vec![room];
    while let Some(room) = next.pop() {
        for (_, uses) in ARROWS.iter().filter(|(name, _)| *name == room) {
            rooms.extend_from_slice(uses);
            next.extend_from_slice(uses);
        }
    }
    rooms
}

fn arrows_up<'a>(
    source: &'a Source,
    room: &'a str,
    allowed: &'a [&str],
) -> impl Iterator<Item = (&'a Found, String)> {
    let goes_up = move |used: &&Found| used.text != room && !allowed.contains(&used.text.as_str());
    source
        .rooms
        .iter()
        .filter(goes_up)
        .map(move |used| (used, format!("{room} uses {}; arrows only go down", used.text)))
}

fn impurities(source: &Source) -> impl Iterator<Item = (&Found, String)> {
    let module = source.module.join("/");
    let covers = |pure: &&str| module == *pure || module.starts_with(&format!("{pure}/"));
    let pure = PURE.into_iter().find(covers);
    let named = source.names.iter().filter(|name| IMPURE.contains(&name.text.as_str()));
    named.filter_map(move |name| Some((name, format!("{} is pure, and names {}", pure?, name.text))))
}

/// What belongs to another room.
fn trespasses<'a>(source: &'a Source, room: &str) -> impl Iterator<Item = (&'a Found, String)> {
    let names = &source.names;
    let first = |name: &str| names.iter().find(|found| found.text == name);
    let sql = source.literals.iter().find(|found| is_sql(&found.text));
    let found = [
        (first("SqliteStore").filter(|_| !matches!(room, "app" | "store")), "only app names SqliteStore"),
        (first("PostgresStore").filter(|_| !matches!(room, "app" | "store")), "only app names PostgresStore"),
        (first("tokio_postgres").filter(|_| room != "store"), "only store names tokio_postgres"),
        (first("rusqlite").filter(|_| room != "store"), "only store names rusqlite"),
        (sql.filter(|_| room != "store"), "only store writes SQL"),
        (built_client(names).filter(|_| room != "http"), "only http builds clients"),
    ];
    found.into_iter().filter_map(|(found, what)| Some((found?, what.to_owned())))
}

/// `Client::builder`, `Client::new`, `Client::default` or `ClientBuilder`, where reqwest is named.
fn built_client(names: &[Found]) -> Option<&Found> {
    names.iter().find(|found| found.text == "reqwest")?;
    let makes = |pair: &&[Found]| {
        pair[0].text == "Client" && matches!(pair[1].text.as_str(), "builder" | "new" | "default")
    };
    let made = names.windows(2).find(makes).map(|pair| &pair[0]);
    made.or_else(|| names.iter().find(|found| found.text == "ClientBuilder"))
}

/// Whether a literal begins like a statement.
fn is_sql(literal: &str) -> bool {
    let text = literal.trim_start_matches(['r', 'b', '#', '"', ' ', '\n', '\\']);
    SQL.iter().any(|start| text.starts_with(start))
}

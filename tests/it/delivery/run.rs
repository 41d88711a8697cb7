//! Plays all rows of the table that go by the same rules at once: one article, one notifier and one receiver for each.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::{
    case::{Case, End, Rules, TIMEOUT},
    table,
};
use crate::support::{Article, Config, Home, PATIENCE, Receiver, Site, receiver::Attempt};

/// Plays them, and fails with every row that ended otherwise than it should; gives how many there were.
pub async fn all(rules: Rules) -> usize {
    let cases: Vec<Case> = table::cases().into_iter().filter(|case| case.rules == rules).collect();
    let site = Site::start().await;
    site.publish("/news.xml", &[Article::about_all_four("one")]);
    let keys = format!("{}\nmax_in_flight = 1000\ntimeout = \"{}ms\"", rules.keys(), TIMEOUT.as_millis());
    let mut config = Config::new().notify(&keys).every(&site, "/news.xml", "1h");
    let mut receivers = Vec::new();
    for case in &cases {
        let receiver = receiver(case).await;
        config = config.add(&notifier(case, &receiver));
        receivers.push(receiver);
    }
    let home = Home::new(&config);
    let daemon = home.start().await;
    let faults = settle(&home, &cases).await;
    daemon.stop().await;
    assert!(faults.is_empty(), "{} of {} rows: {faults:#?}", faults.len(), cases.len());
    for (case, receiver) in cases.iter().zip(&receivers) {
        check_requests(case, &receiver.attempts());
    }
    check_text(&home, &cases).await;
    cases.len()
}

async fn receiver(case: &Case) -> Receiver {
    let receiver = match case.format {
        "standard" => Receiver::start(7).await,
        _ => Receiver::of_vendor(7).await,
    };
    match case.script.split_last() {
        Some((last, first)) => {
            receiver.script(first.to_vec());
            receiver.otherwise(last.clone());
        }
        None => receiver.stop().await,
    }
    receiver
}

fn notifier(case: &Case, receiver: &Receiver) -> String {
    let (base, secret) = (receiver.url(), receiver.secret());
    let (url, to) = match case.format {
        "telegram" => (format!("{base}/sendMessage"), "to = \"-100777\"\n"),
        "pagerduty" => (base, "to = \"0123456789abcdef0123456789abcdef\"\n"),
        _ => (base, ""),
    };
    let (name, format) = (&case.name, case.format);
    format!(
        "[[notifier]]\nname = \"{name}\"\ntype = \"webhook\"\nformat = \"{format}\"\nurl = \"{url}\"\n{to}\
         secret = \"{secret}\"\n"
    )
}

/// Waits until every row stands as it should; gives those that do not, in the end.
async fn settle(home: &Home, cases: &[Case]) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let (status, alerts) = (home.status().await, home.run(&["alerts", "--json"]).await.json());
        let faults: Vec<String> = cases.iter().filter_map(|case| fault(case, &status, &alerts)).collect();
        if faults.is_empty() || begun.elapsed() > PATIENCE {
            return faults;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// What is wrong with a row as it stands now.
fn fault(case: &Case, status: &Value, alerts: &Value) -> Option<String> {
    let named = |list: &Value, key: &str| -> Option<Value> {
        list.as_array()?.iter().find(|one| one[key] == case.name.as_str()).cloned()
    };
    let notifier = named(&status["notifiers"], "name").unwrap_or_default();
    let delivery = named(&alerts["alerts"][0]["deliveries"], "notifier").unwrap_or_default();
    let End { delivery: state, notifier: health, attempts, says, .. } = case.end;
    let is_dead = state == "dead";
    let reason = notifier["reason"].as_str();
    let gave_up = delivery["reason"].as_str().is_some_and(|reason| reason.starts_with("gave up after 2s: "));
    let stands = delivery["state"] == state
        && notifier["state"] == health
        && (gave_up == (is_dead && case.rules == Rules::Expire))
        && attempts.is_none_or(|attempts| delivery["attempts"] == attempts)
        && notifier["pending"] == u64::from(state == "pending")
        && notifier["dead"] == u64::from(is_dead)
        && notifier["needs_person"] == (is_dead || matches!(health, "held" | "gone"))
        && if says.is_empty() {
            reason.is_none()
        } else {
            reason.is_some_and(|reason| reason.contains(says))
        };
    (!stands).then(|| format!("{}: {:?}, but {notifier} and {delivery}", case.name, case.end))
}

/// Every request is the same delivery: one id, and the same bytes unless the receiver refused them.
#[track_caller]
fn check_requests(case: &Case, attempts: &[Attempt]) {
    let name = &case.name;
    if let Some(requests) = case.end.requests {
        assert_eq!(attempts.len(), requests, "{name}");
    }
    if let [first, second, ..] = attempts {
        let gap = second.request.at - first.request.at;
        assert!(gap >= case.gap, "{name}: asked again after {gap:?}, not {:?}", case.gap);
    }
    let is_chat = !matches!(case.format, "standard" | "cloudevents");
    for attempt in attempts {
        assert_eq!(attempt.id(), attempts[0].id(), "{name}");
        let is_same = attempt.request.body == attempts[0].request.body;
        assert!(is_same || is_chat, "{name}: other bytes in another attempt");
    }
}

/// People are told of each that needs them, by name, and the exit code says so.
async fn check_text(home: &Home, cases: &[Case]) {
    let status = home.run(&["status"]).await;
    assert_eq!(status.code, Some(1), "{status:#?}");
    for case in cases {
        let told = format!(" {:<8} {}: ", case.end.notifier, case.name);
        let line =
            status.stdout.lines().find(|line| line.get(1..).is_some_and(|line| line.starts_with(&told)));
        let line = line.unwrap_or_else(|| panic!("{told:?} is not in {}", status.stdout));
        let needs_person = case.end.delivery == "dead" || matches!(case.end.notifier, "held" | "gone");
        assert_eq!(line.starts_with('!'), needs_person, "{line}");
    }
}

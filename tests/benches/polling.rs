//! What a poll costs, beside a bare floor in the same run: a GET, feed-rs and a match, nothing repaired, nothing stored.
//!
//! `cargo bench --bench polling` serves 2,000 feeds of about 40 kB on 200 loopback addresses from a process of its own and
//! lets `feedwatch once` and the floor poll them in turn, three rounds: first all documents, then all unchanged (304).
//! CPU is user and system time of the whole process, peak memory that of its own address space; medians.
//! `-- --feeds N` takes another number of feeds.

#![expect(clippy::print_stdout, reason = "a bench prints")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

#[path = "polling/floor.rs"]
mod floor;
#[path = "polling/measure.rs"]
mod measure;
#[path = "polling/site.rs"]
mod site;

use std::{fs, path::Path, process::Command};

use measure::{Cost, median};
use site::Site;
use tempfile::TempDir;

/// How many turns each takes.
const ROUNDS: usize = 3;
/// Requests under way at the same time, of the program and of the floor.
const IN_FLIGHT: usize = 64;
/// The terms that both look for.
const TERMS: [&str; 4] = ["S-400", "Patriot", "F-35", "sanctions"];

fn main() {
    let number = |name: &str| -> Option<usize> {
        std::env::args().skip_while(|arg| arg != name).nth(1).and_then(|number| number.parse().ok())
    };
    if std::env::args().any(|arg| arg == site::SERVE) {
        return site::serve();
    }
    let feeds = number("--feeds").unwrap_or(2_000);
    if let Some(port) = number(floor::FLOOR) {
        return floor::poll_all(port, feeds);
    }
    let site = Site::start();
    let (mut full, mut unchanged) = (Turns::default(), Turns::default());
    for _ in 0..ROUNDS {
        let home = TempDir::new().expect("a directory");
        fs::write(home.path().join("feedwatch.toml"), config(&site, feeds)).expect("written");
        full.ours.push(measure::run(&mut once(home.path())));
        full.requests = site.requests();
        unchanged.ours.push(measure::run(&mut once(home.path())));
        unchanged.requests = site.requests();
        full.alerts = alerts(home.path());
        unchanged.alerts = full.alerts;
        full.floor.push(measure::run(&mut floor::command(&site, feeds, false)));
        unchanged.floor.push(measure::run(&mut floor::command(&site, feeds, true)));
        site.requests();
    }
    full.print("full", feeds);
    unchanged.print("unchanged", feeds);
}

/// What the turns of one kind of poll cost.
#[derive(Debug, Default)]
struct Turns {
    ours: Vec<Cost>,
    floor: Vec<Cost>,
    requests: usize,
    alerts: usize,
}

impl Turns {
    fn print(&self, kind: &str, feeds: usize) {
        let per_feed =
            |costs: &[Cost]| median(costs.iter().map(|cost| cost.cpu.as_secs_f64())) * 1000.0 / feeds as f64;
        let (ours, floor) = (per_feed(&self.ours), per_feed(&self.floor));
        println!(
            "poll={kind} feeds={feeds} cpu_ms_per_feed={ours:.3} floor={floor:.3} ratio={:.2} rss_mb={:.0} \
             floor_rss_mb={:.0} wall_s={:.2} requests={} alerts={}",
            ours / floor,
            median(self.ours.iter().map(|cost| cost.peak_mb)),
            median(self.floor.iter().map(|cost| cost.peak_mb)),
            median(self.ours.iter().map(|cost| cost.wall.as_secs_f64())),
            self.requests,
            self.alerts,
        );
    }
}

/// The program, its configuration in this directory.
fn feedwatch(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_feedwatch"));
    command.args(arguments).current_dir(home);
    command
}

fn once(home: &Path) -> Command {
    feedwatch(home, &["once"])
}

/// How many alerts are on record.
fn alerts(home: &Path) -> usize {
    let output = feedwatch(home, &["alerts", "--json"]).output().expect("it runs");
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    told["alerts"].as_array().map_or(0, Vec::len)
}

/// Each host is asked for one feed after the other, as public ones are, but without their gap: it would be all that is
/// measured.
fn config(site: &Site, feeds: usize) -> String {
    let topics = TERMS.map(|term| format!("[[topic]]\nname = \"{term}\"\nany = [\"{term}\"]\n"));
    let hosts = (0..site::HOSTS.min(feeds)).map(|feed| {
        let authority = site.url(feed).split('/').nth(2).unwrap_or_default().to_owned();
        format!("[[host]]\nname = \"{authority}\"\ngap = \"0s\"\nin_flight = 1\n")
    });
    let feeds = (0..feeds).map(|feed| format!("[[feed]]\nurl = \"{}\"\n", site.url(feed)));
    let settings = format!("[http]\nmax_in_flight = {IN_FLIGHT}\n[server]\nlisten = \"\"\n");
    std::iter::once(settings).chain(topics).chain(hosts).chain(feeds).collect()
}

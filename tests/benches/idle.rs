//! What the daemon costs while nothing happens: start, memory, processor time, reload, stop.
//!
//! `cargo bench --bench idle` starts the real daemon with 200, 1,000 and 10,000 feeds that it has polled once and that are
//! not due again for a day; `-- --feeds N` takes one other number. Ready is the time from `exec` to `READY=1`, the median
//! of five starts on the store that is there; idle is ten seconds. Beside the figures stand the goals of the
//! specification (specs/operations.md §9); on a busy machine trust processor time.

#![expect(clippy::print_stdout, reason = "a bench prints")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

#[path = "idle/daemon.rs"]
mod daemon;
#[expect(dead_code, reason = "written for another bench; here it only answers")]
#[path = "polling/site.rs"]
mod site;

use std::{fmt::Write as _, fs, path::Path, thread, time::Duration};

use daemon::Daemon;
use site::Site;
use tempfile::TempDir;

/// How often the daemon is started on a store that is there.
const STARTS: usize = 5;
/// How long nothing happens.
const IDLE: Duration = Duration::from_secs(10);
/// How long the first polls may take.
const PATIENCE: Duration = Duration::from_mins(5);

fn main() {
    if std::env::args().any(|arg| arg == site::SERVE) {
        return site::serve();
    }
    let chosen = std::env::args().skip_while(|arg| arg != "--feeds").nth(1);
    let chosen = chosen.and_then(|number| number.parse().ok());
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("load {}", load.split(' ').next().unwrap_or_default());
    let site = Site::start();
    for feeds in chosen.map_or_else(|| vec![200, 1_000, 10_000], |feeds| vec![feeds]) {
        measure(&site, feeds);
    }
}

/// One line for each figure.
fn measure(site: &Site, feeds: usize) {
    let home = TempDir::new().expect("a directory");
    fs::write(home.path().join("feedwatch.toml"), config(site, feeds)).expect("written");
    println!("\n{feeds} feeds, {feeds} topics");
    let first = Daemon::start(home.path());
    figure("ready, new store", first.ready, "ms");
    wait_for_polls(site, feeds);
    first.stop();

    let (mut ready, mut cpu) = (Vec::new(), Vec::new());
    for _ in 1..STARTS {
        let daemon = Daemon::start(home.path());
        ready.push(daemon.ready);
        cpu.push(daemon.cpu_ms());
        daemon.stop();
    }
    let daemon = Daemon::start(home.path());
    ready.push(daemon.ready);
    cpu.push(daemon.cpu_ms());
    figure("ready, existing store (goal: 1,000 feeds 100 ms, 100,000 feeds 3 s)", median(ready), "ms");
    figure("processor time until then", median(cpu), "ms");
    // What the start leaves to do is done after a moment.
    thread::sleep(Duration::from_secs(3));
    let (cpu, wakeups) = (daemon.cpu_ms(), daemon.wakeups());
    thread::sleep(IDLE);
    let seconds = IDLE.as_secs_f64();
    figure("idle: share of a core (goal: 0.1 at 200 feeds)", (daemon.cpu_ms() - cpu) / seconds / 10.0, "%");
    figure("idle: wake-ups", (daemon.wakeups() - wakeups) as f64 / seconds, "/s");
    figure("idle: memory (goal: 1,000 feeds 30, 10,000 feeds 200)", daemon.memory_mb("VmRSS"), "MB");
    site.requests();
    figure("reload (goal: 1,000 feeds and topics 200 ms)", daemon.reload(), "ms");
    figure("requests because of it (goal: 0)", site.requests() as f64, "");
    figure("peak memory", daemon.memory_mb("VmHWM"), "MB");
    figure("idle stop (goal: 1 s)", daemon.stop(), "ms");
}

fn figure(what: &str, value: f64, unit: &str) {
    println!("  {value:>9.2} {unit:<3} {what}");
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Waits until no feed is asked any more.
fn wait_for_polls(site: &Site, feeds: usize) {
    let (mut asked, mut waited) = (0, Duration::ZERO);
    while asked < feeds && waited < PATIENCE {
        thread::sleep(Duration::from_secs(1));
        waited += Duration::from_secs(1);
        asked += site.requests();
    }
    if asked < feeds {
        println!("  only {asked} feeds were polled within {} s", PATIENCE.as_secs());
    }
}

fn config(site: &Site, feeds: usize) -> String {
    let mut config = "[server]\nlisten = \"127.0.0.1:0\"\n[http]\nmax_in_flight = 64\n".to_owned();
    for feed in 0..feeds {
        let _ = writeln!(config, "[[feed]]\nurl = \"{}\"\ninterval = \"1d\"", site.url(feed));
        let _ = writeln!(config, "[[topic]]\nname = \"t{feed}\"\nany = [\"word{feed}\"]");
    }
    config
}

/// The program of the same build.
fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_feedwatch"))
}

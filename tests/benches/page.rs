//! What those who look cost: time to answer and bytes sent for `/`, `/metrics` and `/alerts.atom`, over a real server and
//! a stocked store. One line per figure.
//!
//! `cargo bench --bench page [-- --feeds 1000,10000,100000] [--alerts 100000]`. `first_ms` is the answer to who comes
//! first, nothing being in memory; the others are of ten in a row, a second apart.

#![expect(clippy::print_stdout, reason = "it prints its figures")]

#[path = "page/stock.rs"]
mod stock;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use feedwatch::{
    clock::SystemClock,
    metrics::Metrics,
    pulse::Pulse,
    web::{self, State},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    sync::watch,
    time::{Instant, sleep},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What is asked for.
const PATHS: [&str; 8] = [
    "/",
    "/?page=3",
    "/?topic=S-400",
    "/?topic=rare",
    "/?feed=https://news-7.example.org/world/rss.xml",
    "/metrics",
    "/alerts.atom",
    "/alerts.atom?topic=rare",
];
/// How often, after the first time.
const TIMES: usize = 10;
/// Between two of them.
const PAUSE: Duration = Duration::from_secs(1);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sizes = argument("--feeds").unwrap_or_else(|| "1000,10000,100000".to_owned());
    let alerts: usize = argument("--alerts").map_or(Ok(100_000), |alerts| alerts.parse())?;
    let runtime = Runtime::new()?;
    for feeds in sizes.split(',') {
        runtime.block_on(measure(feeds.parse()?, alerts))?;
    }
    Ok(())
}

fn argument(name: &str) -> Option<String> {
    std::env::args().skip_while(|argument| argument != name).nth(1)
}

async fn measure(feeds: usize, alerts: usize) -> Result<(), Box<dyn std::error::Error>> {
    let (folder, store) = stock::open();
    let begun = Instant::now();
    stock::fill(&store, feeds, alerts).await;
    println!("stock feeds={feeds} alerts={alerts} seconds={:.0}", begun.elapsed().as_secs_f64());
    let (_sender, watched) = watch::channel(Arc::new(stock::watched(feeds)));
    let state =
        State::new(web::Settings::default(), watched, SystemClock, Pulse::default(), Metrics::default());
    state.opened(store);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let (address, stop, serving) = (listener.local_addr()?, CancellationToken::new(), TaskTracker::new());
    serving.spawn(web::serve(listener, state, stop.clone()));
    for path in PATHS {
        look(address, path, feeds, alerts).await?;
    }
    stop.cancel();
    serving.close();
    serving.wait().await;
    drop(folder);
    Ok(())
}

/// Asks again and again, and prints how long that took.
async fn look(
    address: SocketAddr,
    path: &str,
    feeds: usize,
    alerts: usize,
) -> Result<(), Box<dyn std::error::Error>> {
    let (first, _) = get(address, path).await?;
    let (mut times, mut bytes) = (Vec::new(), 0);
    for _ in 0..TIMES {
        sleep(PAUSE).await;
        let (took, length) = get(address, path).await?;
        times.push(took);
        bytes = length;
    }
    times.sort_unstable();
    println!(
        "path={path} feeds={feeds} alerts={alerts} bytes={bytes} first_ms={:.1} p50_ms={:.1} worst_ms={:.1}",
        millis(first),
        millis(times[TIMES / 2]),
        millis(times[TIMES - 1]),
    );
    Ok(())
}

/// The time to the last byte, and how many they were.
async fn get(address: SocketAddr, path: &str) -> Result<(Duration, usize), Box<dyn std::error::Error>> {
    let begun = Instant::now();
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{path}: {}", String::from_utf8_lossy(&answer));
    Ok((begun.elapsed(), answer.len()))
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

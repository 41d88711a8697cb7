//! A service manager, as far as a daemon talks to it: the socket of `sd_notify(3)` and what came over it.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{net::UnixDatagram, time::Instant};

use super::PATIENCE;

/// The socket.
#[derive(Debug)]
pub struct Manager {
    socket: UnixDatagram,
    path: PathBuf,
}

/// One datagram: its assignments, and when it came.
#[derive(Debug, Clone)]
pub struct Told {
    /// When it came.
    pub at: Instant,
    /// `READY=1`, `STATUS=…`, in order.
    pub lines: Vec<String>,
}

impl Told {
    /// Whether it holds this assignment.
    pub fn has(&self, line: &str) -> bool {
        self.lines.iter().any(|told| told == line)
    }

    /// The value of an assignment.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.lines.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
    }
}

impl Manager {
    /// A socket in this directory.
    pub fn in_directory(directory: &Path) -> Self {
        let path = directory.join("notify");
        let socket = UnixDatagram::bind(&path).expect("a socket can be bound");
        Self { socket, path }
    }

    /// What a unit with this watchdog gives its process.
    pub fn variables<'a>(&'a self, watchdog_usec: &'a str) -> [(&'a str, &'a str); 2] {
        let path = self.path.to_str().expect("a temporary path is UTF-8");
        [("NOTIFY_SOCKET", path), ("WATCHDOG_USEC", watchdog_usec)]
    }

    /// The next datagram, whatever it says; `None` if none comes within this time.
    pub async fn next_within(&self, patience: Duration) -> Option<Told> {
        let mut bytes = vec![0; 4096];
        let length = tokio::time::timeout(patience, self.socket.recv(&mut bytes)).await.ok()?;
        let text = String::from_utf8_lossy(&bytes[..length.expect("a socket can be read")]).into_owned();
        Some(Told { at: Instant::now(), lines: text.lines().map(str::to_owned).collect() })
    }

    /// The next datagram that is not a beat.
    #[track_caller]
    pub fn next(&self) -> impl Future<Output = Told> {
        let place = std::panic::Location::caller();
        async move {
            loop {
                let told =
                    self.next_within(PATIENCE).await.unwrap_or_else(|| panic!("{place}: nothing was told"));
                if !told.has("WATCHDOG=1") {
                    return told;
                }
            }
        }
    }

    /// How many beats come in this time.
    pub async fn beats(&self, during: Duration) -> usize {
        let end = Instant::now() + during;
        let mut beats = 0;
        while let Some(told) = self.next_within(end - Instant::now()).await {
            beats += usize::from(told.has("WATCHDOG=1"));
        }
        beats
    }
}

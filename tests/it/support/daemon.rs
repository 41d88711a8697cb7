//! The real daemon, as a child process: its log, its signals, its end.

use std::{
    process::ExitStatus,
    sync::{Arc, Mutex, MutexGuard},
    thread,
};

use rustix::process::{Pid, kill_process};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::task::TaskTracker;

pub use rustix::process::Signal;

use super::{PATIENCE, until};

/// A running `feedwatch run`. Dropped, it is killed; if the test failed, its log is shown.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    reader: JoinHandle<()>,
    /// Its directory stays as long as it lives.
    _dir: Arc<TempDir>,
}

impl Daemon {
    /// Starts the command, which works in `dir`, and reads its log.
    pub fn spawn(mut command: Command, dir: Arc<TempDir>) -> Self {
        let mut child = command.spawn().expect("the program can be started");
        let stderr = child.stderr.take().expect("stderr is piped");
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = log.clone();
        let reader = TaskTracker::new().spawn(async move {
            let mut stderr = BufReader::new(stderr).lines();
            while let Ok(Some(line)) = stderr.next_line().await {
                lock(&lines).push(line);
            }
        });
        Self { child, log, reader, _dir: dir }
    }

    /// Everything it logged so far.
    pub fn log(&self) -> Vec<String> {
        lock(&self.log).clone()
    }

    /// The first line with these words, as soon as there is one.
    pub async fn line(&self, words: &str) -> String {
        until(&format!("the log says {words:?}"), async || {
            lock(&self.log).iter().find(|line| line.contains(words)).cloned()
        })
        .await
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("the daemon was not waited for")
    }

    /// Whether it is still running.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child can be waited for").is_none()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = self.pid().try_into().ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(pid, signal).expect("the daemon is there to be signalled");
    }

    /// Waits for its end; gives how it ended and its whole log.
    pub async fn end(mut self) -> (ExitStatus, Vec<String>) {
        let status = timeout(PATIENCE, self.child.wait()).await.expect("the daemon did not end");
        let _ = timeout(PATIENCE, &mut self.reader).await;
        (status.expect("a child can be waited for"), self.log())
    }

    /// SIGTERM; it must end well.
    pub async fn stop(self) {
        self.signal(Signal::TERM);
        let (status, log) = self.end().await;
        assert_eq!(status.code(), Some(0), "the daemon did not stop well: {log:#?}");
    }

    /// `kill -9`: no chance to do anything.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("a child can be killed");
    }
}

impl Drop for Daemon {
    #[expect(clippy::print_stderr, reason = "the log of the daemon explains a failed test")]
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- log of the daemon\n{}\n---", self.log().join("\n"));
        }
    }
}

fn lock(log: &Mutex<Vec<String>>) -> MutexGuard<'_, Vec<String>> {
    log.lock().expect("no test panics while it holds the log")
}

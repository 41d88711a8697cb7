//! A directory of its own for a feedwatch: its configuration, its database, its commands.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
};

use serde_json::Value;
use tempfile::TempDir;
use tokio::{process::Command, time::timeout};

use super::{Config, Daemon, PATIENCE, until};

/// Variables of the machine that must not reach a feedwatch under test.
const FOREIGN: [&str; 10] = [
    "COLUMNS",
    "CREDENTIALS_DIRECTORY",
    "FEEDWATCH_CONFIG",
    "JOURNAL_STREAM",
    "LISTEN_FDS",
    "NOTIFY_SOCKET",
    "PGPASSFILE",
    "RUST_LOG",
    "STATE_DIRECTORY",
    "WATCHDOG_USEC",
];

/// What a command did.
#[derive(Debug)]
pub struct Output {
    /// The exit code; `None` after a signal.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it complained about.
    pub stderr: String,
}

impl Output {
    /// What it printed, as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON ({error}) in {self:#?}"))
    }
}

/// The directory; removed when it and its daemon are dropped.
#[derive(Debug)]
pub struct Home {
    dir: Arc<TempDir>,
}

impl Home {
    /// A directory with this configuration.
    pub fn new(config: &Config) -> Self {
        Self::with(&config.text())
    }

    /// A directory with this `feedwatch.toml`.
    pub fn with(config: &str) -> Self {
        let home = Self { dir: Arc::new(TempDir::new().expect("a temporary directory can be made")) };
        home.write("feedwatch.toml", config);
        home
    }

    /// A directory in this one, with this `feedwatch.toml`.
    pub fn in_directory(parent: &Path, config: &str) -> Self {
        let home =
            Self { dir: Arc::new(TempDir::new_in(parent).expect("a temporary directory can be made")) };
        home.write("feedwatch.toml", config);
        home
    }

    /// Where things are.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The database.
    pub fn database(&self) -> PathBuf {
        self.path().join("feedwatch.db")
    }

    /// Writes a file.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path().join(name), text).expect("a temporary directory can be written");
    }

    /// The program, ready to start here with these arguments.
    pub fn program(&self, arguments: &[&str]) -> Command {
        self.prepared(Command::new(env!("CARGO_BIN_EXE_feedwatch")), arguments)
    }

    fn prepared(&self, mut command: Command, arguments: &[&str]) -> Command {
        command.args(arguments).current_dir(self.path()).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for name in FOREIGN {
            command.env_remove(name);
        }
        command
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Output {
        finish(self.program(arguments), arguments).await
    }

    /// Runs a command that reads `input` from stdin.
    pub async fn run_with(&self, arguments: &[&str], input: &[u8]) -> Output {
        self.write("stdin", input);
        let mut command = self.program(arguments);
        command.stdin(fs::File::open(self.path().join("stdin")).expect("it was just written"));
        finish(command, arguments).await
    }

    /// Starts the daemon and waits until it watches.
    pub async fn start(&self) -> Daemon {
        let daemon = self.spawn();
        daemon.line("watching ").await;
        daemon
    }

    /// Starts the daemon, whatever becomes of it.
    pub fn spawn(&self) -> Daemon {
        Daemon::spawn(self.program(&["run"]), self.dir.clone())
    }

    /// The same as the child of another program: `strace` and its arguments.
    pub fn spawn_under(&self, wrapper: &[&str]) -> Daemon {
        let (program, before) = wrapper.split_first().expect("a program");
        let arguments = [before, &[env!("CARGO_BIN_EXE_feedwatch"), "run"]].concat();
        let command = self.prepared(Command::new(program), &arguments);
        Daemon::spawn(command, self.dir.clone())
    }

    /// The same, with these variables in its environment.
    pub fn spawn_with(&self, variables: &[(&str, &str)]) -> Daemon {
        let mut command = self.program(&["run"]);
        command.envs(variables.iter().copied());
        Daemon::spawn(command, self.dir.clone())
    }

    /// `status --json`.
    pub async fn status(&self) -> Value {
        self.run(&["status", "--json"]).await.json()
    }

    /// What `status` says of a feed now.
    pub async fn feed(&self, url: &str) -> Value {
        let status = self.status().await;
        let feeds = status["feeds"].as_array().expect("a list of feeds");
        feeds
            .iter()
            .find(|feed| feed["url"] == url)
            .unwrap_or_else(|| panic!("no {url} in {status:#}"))
            .clone()
    }

    /// What `status` says of a feed, once `condition` holds for it.
    pub async fn feed_once(&self, url: &str, condition: impl Fn(&Value) -> bool) -> Value {
        until(&format!("status shows {url} as wanted"), async || {
            let status = self.run(&["status", "--json"]).await;
            let status: Value = serde_json::from_str(&status.stdout).ok()?;
            status["feeds"].as_array()?.iter().find(|feed| feed["url"] == url && condition(feed)).cloned()
        })
        .await
    }

    /// `alerts --json`: the list.
    pub async fn alerts(&self) -> Vec<Value> {
        let alerts = self.run(&["alerts", "--json", "--limit", "100000"]).await.json();
        alerts["alerts"].as_array().expect("a list of alerts").clone()
    }
}

/// Runs a command to its end, within the deadline.
async fn finish(mut command: Command, what: &[&str]) -> Output {
    let output = timeout(PATIENCE, command.output())
        .await
        .unwrap_or_else(|_| panic!("{what:?} did not end"))
        .expect("the program can be started");
    Output {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
    }
}

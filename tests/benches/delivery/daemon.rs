//! The real daemon, in a directory of its own.

use std::{
    fs,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use super::{receivers::Receivers, site::Site};

/// A running `feedwatch run`.
pub struct Daemon {
    child: Child,
    home: TempDir,
}

impl Daemon {
    /// Starts it on the default configuration, with these feeds and notifiers.
    pub fn start(site: &Site, receivers: &Receivers) -> Self {
        Self::start_with(site, receivers, "")
    }

    /// The same with further keys.
    pub fn start_with(site: &Site, receivers: &Receivers, keys: &str) -> Self {
        let home = TempDir::new().expect("a directory");
        let config = format!(
            "[server]\nlisten = \"\"\n[log]\nlevel = \"error\"\n{keys}\
             [[topic]]\nname = \"S-400\"\nany = [\"S-400\"]\n{}{}",
            site.config(),
            receivers.config()
        );
        fs::write(home.path().join("feedwatch.toml"), config).expect("written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_feedwatch"));
        command.arg("run").current_dir(home.path()).stdin(Stdio::null()).stderr(Stdio::null());
        Self { child: command.spawn().expect("it starts"), home }
    }

    /// The most memory that it had resident so far.
    pub fn peak_mb(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let kib = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
        let kib: f64 = kib.trim().trim_end_matches(" kB").parse().unwrap_or_default();
        kib / 1024.0
    }

    /// How many deliveries wait, over all notifiers.
    pub fn pending(&self) -> usize {
        let mut status = Command::new(env!("CARGO_BIN_EXE_feedwatch"));
        let output =
            status.args(["status", "--json"]).current_dir(self.home.path()).output().expect("it runs");
        let status: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let notifiers = status["notifiers"].as_array().into_iter().flatten();
        let pending: u64 = notifiers.filter_map(|notifier| notifier["pending"].as_u64()).sum();
        usize::try_from(pending).expect("not so many")
    }

    /// Ends it at once; what it owes dead receivers it may keep.
    pub fn stop(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! The daemon as its service manager sees it: when it is ready, what it costs, how long it takes to reload and to stop.

use std::{
    fs,
    os::unix::net::UnixDatagram,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

/// Whatever takes longer is broken.
const PATIENCE: Duration = Duration::from_mins(2);

/// A running daemon.
pub struct Daemon {
    child: Child,
    socket: UnixDatagram,
    /// Milliseconds from its start to `READY=1`.
    pub ready: f64,
}

impl Daemon {
    /// Starts it here and waits until it is ready.
    pub fn start(home: &Path) -> Self {
        let path = home.join("notify");
        let _ = fs::remove_file(&path);
        let socket = UnixDatagram::bind(&path).expect("a socket");
        socket.set_read_timeout(Some(PATIENCE)).expect("a socket with patience");
        let mut command = Command::new(super::program());
        command.arg("run").current_dir(home).env("NOTIFY_SOCKET", &path).env_remove("WATCHDOG_USEC");
        let begun = Instant::now();
        let child =
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program can be started");
        let mut daemon = Self { child, socket, ready: 0.0 };
        daemon.wait_for("READY=1");
        daemon.ready = millis(begun);
        daemon
    }

    /// Reloads; gives milliseconds from the signal to the end.
    pub fn reload(&self) -> f64 {
        let begun = Instant::now();
        self.signal(Signal::HUP);
        self.wait_for("RELOADING=1");
        self.wait_for("READY=1");
        millis(begun)
    }

    /// Stops; gives milliseconds from the signal to the end of the process.
    pub fn stop(mut self) -> f64 {
        let begun = Instant::now();
        self.signal(Signal::TERM);
        assert!(self.child.wait().expect("a child can be waited for").success(), "it did not stop well");
        millis(begun)
    }

    /// Processor time of its threads that live now, in milliseconds.
    pub fn cpu_ms(&self) -> f64 {
        let nanos = self.threads().filter_map(|thread| {
            self.file(&format!("task/{thread}/schedstat")).split(' ').next()?.parse::<f64>().ok()
        });
        nanos.sum::<f64>() / 1e6
    }

    /// How often its threads that live now went to sleep.
    pub fn wakeups(&self) -> u64 {
        let numbers = self.threads().filter_map(|thread| {
            number(&self.file(&format!("task/{thread}/status")), "voluntary_ctxt_switches")
        });
        numbers.sum()
    }

    fn threads(&self) -> impl Iterator<Item = String> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("it runs");
        tasks.filter_map(|task| task.ok()?.file_name().into_string().ok())
    }

    /// `VmRSS` or `VmHWM`.
    pub fn memory_mb(&self, what: &str) -> f64 {
        let kilobytes = number(&self.file("status"), what).unwrap_or_default();
        kilobytes as f64 / 1024.0
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{name}", self.child.id())).unwrap_or_default()
    }

    fn wait_for(&self, line: &str) {
        let mut bytes = [0; 4096];
        loop {
            let length = self.socket.recv(&mut bytes).expect("the daemon says something in time");
            if String::from_utf8_lossy(&bytes[..length]).lines().any(|told| told == line) {
                return;
            }
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = self.child.id().try_into().ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(pid, signal).expect("it runs");
    }
}

/// The number after this name in a file of `/proc`.
fn number(text: &str, name: &str) -> Option<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':')?.split_whitespace().next()?.parse().ok())
}

fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

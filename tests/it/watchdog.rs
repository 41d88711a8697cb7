//! What hangs is not fed: the watchdog looks at the loops that do the work, not at a clock.

use std::{process::Stdio, sync::mpsc, thread::JoinHandle, time::Duration};

use nix::{
    sys::{
        ptrace,
        wait::{WaitPidFlag, waitpid},
    },
    unistd::Pid,
};
use tokio::{io::AsyncReadExt, sync::oneshot};
use tokio_util::task::TaskTracker;

use super::support::{Article, Config, Home, Manager, Site, daemon::Signal, until};

/// A watchdog of two seconds: a loop may be silent for one.
const TWO_SECONDS: &str = "2000000";
/// `fsync` and `fdatasync`.
#[cfg(target_arch = "x86_64")]
const SYNC: [&str; 2] = ["74", "75"];
#[cfg(target_arch = "aarch64")]
const SYNC: [&str; 2] = ["82", "83"];

/// Sites, each with some feeds that are asked every second: all the time something is polled, written and logged.
async fn busy(sites: usize) -> (Vec<Site>, Home, Manager) {
    let (mut config, mut running) = (Config::new(), Vec::new());
    for n in 0..sites {
        let site = Site::start().await;
        for path in ["/a.xml", "/b.xml", "/c.xml", "/d.xml"] {
            site.publish(path, &[Article::about_s400(&format!("{n}{path}"))]);
            config = config.feed(&site, path);
        }
        running.push(site);
    }
    let home = Home::new(&config);
    let manager = Manager::in_directory(home.path());
    (running, home, manager)
}

/// The thread of the store, stopped in the moment in which it waits for the disk: a disk that does not answer.
struct DeadDisk {
    answer: mpsc::Sender<()>,
    tracer: JoinHandle<()>,
}

impl DeadDisk {
    async fn of(daemon: u32) -> Self {
        let (answer, answered) = mpsc::channel();
        let (held, is_held) = oneshot::channel();
        let thread = store_thread(daemon);
        // Only the thread that began to trace may go on with it.
        let tracer = std::thread::spawn(move || {
            ptrace::seize(thread, ptrace::Options::empty()).expect("a child may be traced");
            ptrace::interrupt(thread).expect("it runs");
            loop {
                waitpid(thread, Some(WaitPidFlag::__WALL)).expect("it is traced");
                let syscall =
                    std::fs::read_to_string(format!("/proc/{thread}/syscall")).expect("it is stopped");
                if SYNC.contains(&syscall.split(' ').next().unwrap_or_default()) {
                    break;
                }
                ptrace::syscall(thread, None).expect("it is stopped");
            }
            let _ = held.send(());
            let _ = answered.recv();
            ptrace::detach(thread, None).expect("it is stopped");
        });
        is_held.await.expect("the store writes");
        Self { answer, tracer }
    }

    fn answer(self) {
        self.answer.send(()).expect("the tracer waits for it");
        self.tracer.join().expect("the tracer ends well");
    }
}

/// The thread that writes to the database.
fn store_thread(daemon: u32) -> Pid {
    let tasks = std::fs::read_dir(format!("/proc/{daemon}/task")).expect("the daemon runs");
    let is_store = |id: &String| {
        std::fs::read_to_string(format!("/proc/{daemon}/task/{id}/comm"))
            .is_ok_and(|name| name.trim() == "store")
    };
    let mut ids = tasks.filter_map(|task| task.ok()?.file_name().into_string().ok());
    let id = ids.find(is_store).expect("a thread named store");
    Pid::from_raw(id.parse().expect("a number"))
}

async fn beats_no_more(manager: &Manager) {
    until("nothing beats for three seconds", async || {
        (manager.beats(Duration::from_secs(3)).await == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_disk_that_does_not_answer_stops_the_beat_and_is_named() {
    let (_sites, home, manager) = busy(1).await;
    let daemon = home.spawn_with(&manager.variables(TWO_SECONDS));
    assert!(manager.next().await.has("READY=1"));
    assert!(manager.beats(Duration::from_secs(2)).await > 0);
    let disk = DeadDisk::of(daemon.pid()).await;
    beats_no_more(&manager).await;
    let line = daemon.line("a loop does not respond").await;
    assert!(line.contains("loops=store"), "the others wait for it, and are alive: {line}");
    disk.answer();
    daemon.line("all loops respond again").await;
    assert!(manager.beats(Duration::from_secs(2)).await > 0);
    daemon.stop().await;
}

#[tokio::test]
async fn a_log_that_nobody_reads_holds_up_the_loops_and_so_the_beat() {
    let (_sites, home, manager) = busy(12).await;
    let mut program = home.program(&["run"]);
    program.envs(manager.variables(TWO_SECONDS)).env("RUST_LOG", "debug").stderr(Stdio::piped());
    // As few threads as there are on a small machine: all of them log sooner or later.
    let mut daemon = program.env("TOKIO_WORKER_THREADS", "2").spawn().expect("the program can be started");
    assert!(manager.next().await.has("READY=1"));
    beats_no_more(&manager).await;

    let mut log = daemon.stderr.take().expect("it is piped");
    let reading = TaskTracker::new().spawn(async move {
        let mut bytes = [0; 4096];
        while log.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
    });
    until("it beats again", async || (manager.beats(Duration::from_secs(1)).await > 0).then_some(())).await;
    let pid =
        rustix::process::Pid::from_raw(daemon.id().expect("it runs").cast_signed()).expect("a process id");
    rustix::process::kill_process(pid, Signal::TERM).expect("it runs");
    assert_eq!(daemon.wait().await.expect("a child can be waited for").code(), Some(0));
    reading.await.expect("the log ends");
}

//! One life under each fault: it falls on a daemon at work, lasts, and ends. Afterwards the promises hold: every article
//! was delivered, once, the process is the same, it said little, and nothing needs a person.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use rusqlite::Connection;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use tokio::time::sleep;

use crate::support::{
    Answer, Article, Config, Daemon, Home, Receiver, Reply, Site, Then, daemon::Signal, holds,
};

const FEEDS: usize = 3;
/// Articles that each feed gets before, during and after the fault.
const EACH: usize = 4;
/// How long a fault lasts that does not end by itself.
const LASTS: Duration = Duration::from_millis(2500);
/// Lines of warning or error in a life with one fault: its beginning and end for each feed, for the notifier and for the
/// store, not one for each try.
const MOST_LOUD: usize = 16;
/// Where Debian has the library that lies about the time.
const FAKETIME: &str = "/usr/lib/*-linux-gnu/faketime/libfaketimeMT.so.1";

/// What goes wrong.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// These system calls fail, in strace's words; by count, so that they end by themselves.
    Calls(&'static str),
    /// There is no descriptor for anything new.
    NoDescriptors,
    /// The clock of the machine jumps by so many seconds, and back at the end.
    Clock(i64),
    /// Somebody holds the database.
    Locked,
    /// The feeds answer like this.
    Site(fn() -> Answer),
    /// The receiver answers like this.
    Receiver(fn() -> Reply),
}

impl Fault {
    /// Whether feeds fail by it: they are asked again half an hour later, or by `once`.
    fn hits_polls(self) -> bool {
        match self {
            Self::Calls(calls) => calls.contains("socket"),
            Self::NoDescriptors | Self::Site(_) => true,
            Self::Clock(_) | Self::Locked | Self::Receiver(_) => false,
        }
    }
}

/// Each with its name, and what the log says of it.
const FAULTS: [(&str, Fault, &str); 14] = [
    ("EIO at fsync", Fault::Calls("inject=fsync,fdatasync:error=EIO:when=4..7"), "disk I/O error"),
    ("EIO at write", Fault::Calls("inject=pwrite64:error=EIO:when=20..23"), "disk I/O error"),
    ("ENOSPC at write", Fault::Calls("inject=pwrite64:error=ENOSPC:when=40..60"), "no room on the disk"),
    (
        "ENOSPC at fsync",
        Fault::Calls("inject=fsync,fdatasync:error=ENOSPC:when=5..7"),
        "nothing can be stored",
    ),
    ("EMFILE at socket", Fault::Calls("inject=socket:error=EMFILE:when=1..3"), "Too many open files"),
    ("ENOMEM at socket", Fault::Calls("inject=socket:error=ENOMEM:when=1..3"), "Cannot allocate memory"),
    ("no descriptors", Fault::NoDescriptors, ""),
    ("clock three days ahead", Fault::Clock(3 * 86_400), "overdue feeds are asked bit by bit"),
    ("clock two days back", Fault::Clock(-2 * 86_400), ""),
    ("database locked", Fault::Locked, "nothing can be stored"),
    ("feeds take requests and are silent", Fault::Site(|| Answer::Hang), "feed failing"),
    (
        "feeds die in mid-body",
        Fault::Site(|| Answer::Cut("<rss version=\"2.0\"><channel><item>".to_owned())),
        "feed failing",
    ),
    ("receiver takes requests and is silent", Fault::Receiver(|| Reply::Hang), ""),
    (
        "receiver dies in mid-answer",
        Fault::Receiver(|| Reply::Bytes(b"HTTP/1.1 2".to_vec(), Then::Reset)),
        "",
    ),
];

#[tokio::test]
async fn after_each_fault_the_promises_hold() {
    let mut lives = Vec::new();
    for (name, fault, says) in FAULTS {
        match missing(fault) {
            Some(what) => println!("skipped: {name}: {what}"),
            None => lives.push((name, fault, says)),
        }
    }
    // A few at a time: they are to be slow for their faults only.
    for some in lives.chunks(4) {
        let each = some.iter().map(|(name, fault, says)| live(name, *fault, says));
        futures(each.collect()).await;
    }
    println!("faults={} lost=0", lives.len());
}

/// All of them, side by side.
async fn futures(lives: Vec<impl Future<Output = ()>>) {
    let mut lives: Vec<_> = lives.into_iter().map(Box::pin).collect();
    std::future::poll_fn(|context| {
        lives.retain_mut(|life| life.as_mut().poll(context).is_pending());
        if lives.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

/// What this machine lacks for a fault.
fn missing(fault: Fault) -> Option<&'static str> {
    match fault {
        Fault::Calls(_) => (!may_trace()).then_some("there is no strace that may trace here"),
        Fault::Clock(_) => faketime().is_none().then_some("there is no libfaketime"),
        _ => None,
    }
}

fn may_trace() -> bool {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-e", "trace=none", "true"]).stdout(Stdio::null()).stderr(Stdio::null());
    strace.status().is_ok_and(|status| status.success())
}

fn faketime() -> Option<PathBuf> {
    glob::glob(FAKETIME).expect("a pattern").flatten().next()
}

/// One daemon, its feeds and its receiver.
struct Scene {
    name: &'static str,
    site: Site,
    receiver: Receiver,
    home: Home,
    articles: Vec<Vec<Article>>,
}

async fn live(name: &'static str, fault: Fault, says: &str) {
    let mut scene = Scene::new(name, fault).await;
    scene.publish();
    let mut daemon = scene.start(fault);
    if !matches!(fault, Fault::Calls(_)) {
        scene.all_arrive().await;
    }
    let end = scene.begin(fault, &daemon);
    if !matches!(fault, Fault::Site(_)) {
        scene.publish();
    }
    if matches!(fault, Fault::Locked) {
        daemon.line("nothing can be stored").await;
    }
    sleep(LASTS).await;
    assert!(daemon.is_running(), "{name}: {:#?}", daemon.log());
    end(&scene);
    scene.publish();
    if !fault.hits_polls() {
        scene.all_arrive().await;
    }
    scene.check(daemon, says).await;
}

impl Scene {
    async fn new(name: &'static str, fault: Fault) -> Self {
        let (site, receiver) = (Site::start().await, Receiver::start(1).await);
        if matches!(fault, Fault::Clock(_)) {
            // It would rightly refuse what is signed with a wrong time.
            receiver.take_any_clock();
        }
        let config = Config::new()
            .http("timeout = \"1s\"")
            .notify("retry = [\"200ms\"]\ntimeout = \"1s\"\nbreaker = \"1s\"")
            .add("[store]\nlease = \"2s\"\n");
        let config = (0..FEEDS).fold(config, |config, feed| config.feed(&site, &path(feed)));
        let home = Home::new(&config.webhook("desk", &receiver));
        // The database is made before: a disk that fails then is a start that fails, and nothing is at stake.
        (0..FEEDS).for_each(|feed| site.publish(&path(feed), &[]));
        home.run(&["once"]).await;
        Self { name, site, receiver, home, articles: vec![Vec::new(); FEEDS] }
    }

    fn start(&self, fault: Fault) -> Daemon {
        match fault {
            Fault::Calls(inject) => {
                let calls = inject.trim_start_matches("inject=").split(':').next().expect("calls");
                let trace = format!("trace={calls}");
                let strace = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", inject];
                self.home.spawn_under(&strace)
            }
            Fault::Clock(_) => {
                self.set_clock(0);
                let library = faketime().expect("looked for before");
                self.home.spawn_with(&[
                    ("LD_PRELOAD", &library.display().to_string()),
                    ("FAKETIME_TIMESTAMP_FILE", &self.clock_file().display().to_string()),
                    ("FAKETIME_NO_CACHE", "1"),
                    ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
                    ("DONT_FAKE_MONOTONIC", "1"),
                ])
            }
            _ => self.home.spawn(),
        }
    }

    /// Begins the fault; what comes back ends it.
    fn begin(&self, fault: Fault, daemon: &Daemon) -> Box<dyn FnOnce(&Self)> {
        match fault {
            Fault::Calls(_) => Box::new(|_| ()),
            Fault::NoDescriptors => {
                let pid = daemon.pid();
                limit_descriptors(pid, Some(1));
                Box::new(move |_| limit_descriptors(pid, Some(1024)))
            }
            Fault::Clock(seconds) => {
                self.set_clock(seconds);
                Box::new(|scene| scene.set_clock(0))
            }
            Fault::Locked => {
                let somebody = Connection::open(self.home.database()).expect("a database");
                somebody.execute_batch("BEGIN IMMEDIATE").expect("the lock");
                Box::new(move |_| somebody.execute_batch("ROLLBACK").expect("the lock is given back"))
            }
            Fault::Site(answer) => {
                (0..FEEDS).for_each(|feed| self.site.set(&path(feed), answer()));
                Box::new(|_| ())
            }
            Fault::Receiver(reply) => {
                self.receiver.otherwise(reply());
                Box::new(|scene| scene.receiver.otherwise(Reply::Status(204)))
            }
        }
    }

    /// Each feed has some more articles.
    fn publish(&mut self) {
        for (feed, articles) in self.articles.iter_mut().enumerate() {
            let first = articles.len();
            articles.extend((first..first + EACH).map(|n| Article::about_s400(&format!("{feed}-{n}"))));
            self.site.publish(&path(feed), articles);
        }
    }

    async fn all_arrive(&self) {
        let count: usize = self.articles.iter().map(Vec::len).sum();
        holds(&format!("{}: all articles arrive", self.name), || self.receiver.articles().len() == count)
            .await;
    }

    /// Nothing twice, little said, nothing left to do for a person.
    async fn check(self, mut daemon: Daemon, says: &str) {
        let name = self.name;
        assert!(daemon.is_running(), "{name}");
        daemon.signal(Signal::TERM);
        let (status, log) = daemon.end().await;
        assert_eq!(status.code(), Some(0), "{name}: {log:#?}");
        // What a feed still shows is found, whatever happened.
        self.home.run(&["once"]).await;
        self.all_arrive().await;
        let told = self.home.run(&["status"]).await;
        assert_eq!(told.code, Some(0), "{name}: {}", told.stdout);
        let receiver = self.receiver;
        let repeated: Vec<_> = receiver.articles().into_iter().filter(|(_, times)| *times > 1).collect();
        assert!(repeated.is_empty(), "{name}: {repeated:#?} {log:#?}");
        assert!(log.iter().any(|line| line.contains(says)), "{name}: it was not noticed: {log:#?}");
        let loud = log.iter().filter(|line| line.contains("ERROR") || line.contains("WARN")).count();
        assert!(loud <= MOST_LOUD, "{name}: {log:#?}");
    }

    fn clock_file(&self) -> PathBuf {
        self.home.path().join("clock")
    }

    /// Replaces the file as a whole: the daemon may be reading it.
    fn set_clock(&self, seconds: i64) {
        let next = self.home.path().join("clock.next");
        fs::write(&next, format!("{seconds:+}\n")).expect("written");
        fs::rename(&next, self.clock_file()).expect("renamed");
    }
}

fn path(feed: usize) -> String {
    format!("/{feed}.xml")
}

fn limit_descriptors(pid: u32, current: Option<u64>) {
    let pid = pid.try_into().ok().and_then(Pid::from_raw).expect("a process id");
    prlimit(Some(pid), Resource::Nofile, Rlimit { current, maximum: Some(1024) })
        .expect("a child can be limited");
}

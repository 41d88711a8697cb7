//! A throwaway PostgreSQL cluster: made when it is first needed, gone when the test process is, however that ends.

use std::{
    fs,
    io::{self, Write},
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{ChildStdin, Command, Stdio},
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};
use tokio_util::task::TaskTracker;

use super::until;

/// Makes the cluster, runs the server, and does as it is told, line by line. At the end of its input, that is when the
/// test process is no more, it stops the server and removes everything.
const KEEPER: &str = r#"
cd "$2" || exit 1
"$1/initdb" --auth=trust --username=feedwatch --no-sync --encoding=UTF8 --locale=C --pgdata=data >init.log 2>&1 || exit 1
echo "listen_addresses = ''" >>data/postgresql.conf
start() {
    "$1/postgres" -D data -k "$2" -c fsync="$3" -c max_connections=200 >>server.log 2>&1 &
    server=$!
}
stop() { kill -INT "$server"; wait "$server"; }
start "$@"
while read -r word; do
    case $word in
        stop) stop ;;
        start) start "$@" ;;
    esac
done
stop
cd / && rm -rf "$2"
"#;

/// The user that a cluster of root belongs to: the server refuses to run as root.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// A running cluster.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    keeper: Mutex<ChildStdin>,
    databases: AtomicU32,
}

impl Cluster {
    /// The cluster that all tests share; `None` if PostgreSQL is not installed.
    pub async fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Cluster>> = OnceLock::new();
        let cluster = SHARED.get_or_init(|| Self::launch("off")).as_ref()?;
        cluster.ready().await;
        Some(cluster)
    }

    /// One of its own, for a test that stops it.
    pub async fn start() -> Option<Self> {
        let cluster = Self::launch("off")?;
        cluster.ready().await;
        Some(cluster)
    }

    /// A cluster that forces to disk what is committed, or not (`on`, `off`); `None` if PostgreSQL is not installed.
    pub fn launch(fsync: &str) -> Option<Self> {
        let Some(programs) = programs() else {
            assert!(
                std::env::var_os("REQUIRE_POSTGRESQL").is_none(),
                "PostgreSQL is required and not installed"
            );
            // Past the harness, which keeps what a test prints when it passes.
            let _ = io::stderr().write_all(b"skipped: no PostgreSQL\n");
            return None;
        };
        let folder = TempDir::new().expect("a temporary directory can be made").keep();
        let mut keeper = Command::new("sh");
        keeper
            .args(["-c", KEEPER, "sh"])
            .arg(programs)
            .arg(&folder)
            .arg(fsync)
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        // A Ctrl-C for the tests is none for the server: it ends when they have.
        keeper.process_group(0);
        if let Some((user, group)) = unprivileged() {
            chown(&folder, Some(user), Some(group)).expect("root may give a directory away");
            keeper.uid(user).gid(group);
        }
        #[expect(clippy::zombie_processes, reason = "it lives until this process ends")]
        let mut keeper = keeper.spawn().expect("sh can be started");
        let keeper = Mutex::new(keeper.stdin.take().expect("stdin is piped"));
        Some(Self { folder, keeper, databases: AtomicU32::new(0) })
    }

    /// An empty database; its URL.
    pub async fn database(&self) -> String {
        let name = format!("test{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let client = self.connect("postgres").await.expect("the cluster runs");
        client.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("a database can be made");
        self.url(&name)
    }

    /// The server goes down: transactions under way break off.
    pub fn stop(&self) {
        self.tell("stop");
    }

    /// It comes back.
    pub fn start_again(&self) {
        self.tell("start");
    }

    /// A file beside its data that belongs to the server alone.
    pub fn give(&self, name: &str, text: &str) {
        let file = self.folder.join(name);
        fs::write(&file, text).expect("the folder can be written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("the file is ours");
        if let Some((user, group)) = unprivileged() {
            chown(&file, Some(user), Some(group)).expect("root may give a file away");
        }
    }

    /// Where it has its socket and its files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn url(&self, database: &str) -> String {
        format!("postgres:///{database}?host={}&user=feedwatch", self.folder.display())
    }

    fn tell(&self, word: &str) {
        let mut keeper = self.keeper.lock().expect("no test panics while it holds the keeper");
        writeln!(keeper, "{word}").expect("the keeper lives as long as the tests");
    }

    /// Waits until it answers.
    pub async fn ready(&self) {
        until("PostgreSQL answers", async || self.connect("postgres").await.ok().map(drop)).await;
    }

    async fn connect(&self, database: &str) -> Result<Client, tokio_postgres::Error> {
        connect(&self.url(database)).await
    }
}

/// A connection of the test's own.
pub async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    TaskTracker::new().spawn(connection);
    Ok(client)
}

/// The directory of `initdb` and `postgres`, the newest that there is.
fn programs() -> Option<PathBuf> {
    let debian =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|version| version.path());
    let mut debian: Vec<PathBuf> = debian.collect();
    debian.sort_by_key(|path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok()));
    let debian = debian.into_iter().rev().map(|version| version.join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    debian
        .chain(std::env::split_paths(&path).collect::<Vec<_>>())
        .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

/// Whom root starts the server as; `None` for everybody else.
fn unprivileged() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").expect("every system has users");
    UNPRIVILEGED.into_iter().find_map(|name| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    })
}

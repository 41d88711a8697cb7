//! `backup` and `migrate`: the store copied beside the daemon, and moved to another database, by the real program.

use serde_json::Value;

use crate::support::{
    Article, Config, Home, Receiver, Reply, Site, holds,
    postgres::{Cluster, connect},
    until,
};

/// A home whose daemon has delivered two alerts and has a third one waiting.
struct Fed {
    site: Site,
    receiver: Receiver,
    home: Home,
}

impl Fed {
    async fn new() -> Self {
        let (site, receiver) = (Site::start().await, Receiver::start(1).await);
        site.publish("/news.xml", &[Article::about_s400("two"), Article::about_s400("one")]);
        let config =
            Config::new().notify("retry = [\"1h\"]").feed(&site, "/news.xml").webhook("desk", &receiver);
        Self { site, receiver, home: Home::new(&config) }
    }

    /// Articles that are delivered, then one that is not.
    async fn fill(&self) -> crate::support::Daemon {
        let daemon = self.home.start().await;
        holds("two alerts are delivered", || self.receiver.accepted().len() == 2).await;
        self.receiver.otherwise(Reply::Status(503));
        let articles = ["three", "two", "one"].map(Article::about_s400);
        self.site.publish("/news.xml", &articles);
        until("the third one waits", async || {
            let status = self.home.status().await;
            (status["notifiers"][0]["pending"] == 1 && self.receiver.attempts().len() >= 3).then_some(())
        })
        .await;
        daemon
    }
}

/// What matters of the alerts.
fn alerts(shown: &[Value]) -> Vec<String> {
    let mut alerts: Vec<String> = shown
        .iter()
        .map(|alert| format!("{} {} {}", alert["id"], alert["article"], alert["deliveries"]))
        .collect();
    alerts.sort();
    alerts
}

#[tokio::test]
async fn a_backup_beside_the_daemon_is_whole_and_can_be_started_on() {
    let fed = Fed::new().await;
    let daemon = fed.fill().await;
    let done = fed.home.run(&["backup", "copy.db", "--json"]).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    let done = done.json();
    assert_eq!(
        (&done["feeds"], &done["articles"], &done["alerts"]),
        (&1.into(), &3.into(), &3.into()),
        "{done}"
    );

    let mode = std::fs::metadata(fed.home.path().join("copy.db")).expect("the copy");
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode.permissions()) & 0o777, 0o600);
    let before = std::fs::read(fed.home.path().join("copy.db")).expect("the copy");
    let again = fed.home.run(&["backup", "copy.db"]).await;
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.stderr.contains("exists already: name a new file"), "{again:?}");
    assert_eq!(
        std::fs::read(fed.home.path().join("copy.db")).expect("the copy"),
        before,
        "nothing is overwritten"
    );

    // What comes later is not in it; whoever starts on it goes on from where it was taken.
    let shown = alerts(&fed.home.alerts().await);
    daemon.stop().await;
    let config = std::fs::read_to_string(fed.home.path().join("feedwatch.toml")).expect("the configuration");
    let restored = Home::with(&format!("[store]\nurl = \"sqlite:copy.db\"\n{config}"));
    std::fs::copy(fed.home.path().join("copy.db"), restored.path().join("copy.db")).expect("copied");
    assert_eq!(alerts(&restored.alerts().await), shown);
    fed.receiver.otherwise(Reply::Status(200));
    let daemon = restored.start().await;
    assert_eq!(restored.run(&["redeliver", "--dead"]).await.code, Some(0));
    holds("every article was delivered once", || fed.receiver.articles().len() == 2).await;
    daemon.stop().await;
    let files = std::fs::read_dir(fed.home.path()).expect("the directory").flatten();
    let partial: Vec<_> =
        files.filter(|file| file.file_name().to_string_lossy().contains("partial")).collect();
    assert!(partial.is_empty(), "nothing half is left: {partial:?}");
}

#[tokio::test]
async fn a_backup_says_what_is_in_its_way() {
    let fed = Fed::new().await;
    let none = fed.home.run(&["backup", "copy.db"]).await;
    assert_eq!(none.code, Some(1), "{none:?}");
    assert!(none.stderr.contains("there is no database"), "{none:?}");
    fed.fill().await.stop().await;
    let nowhere = fed.home.run(&["backup", "nowhere/copy.db"]).await;
    assert_eq!(nowhere.code, Some(1), "{nowhere:?}");
    assert!(nowhere.stderr.contains("cannot write nowhere/copy.db.partial"), "{nowhere:?}");
    let done = fed.home.run(&["backup", "copy.db"]).await;
    assert!(done.stdout.contains("checked: 1 feed, 3 articles, 3 alerts"), "{done:?}");
}

#[tokio::test]
async fn a_store_moves_to_postgresql_and_goes_on_where_it_was() {
    let Some(cluster) = Cluster::shared().await else { return };
    let (fed, url) = (Fed::new().await, cluster.database().await);
    let daemon = fed.fill().await;
    let busy = fed.home.run(&["migrate", "--to", &url]).await;
    assert_eq!(busy.code, Some(1), "{busy:?}");
    assert!(busy.stderr.contains("is in use by feedwatch, pid "), "{busy:?}");
    daemon.stop().await;
    let shown = alerts(&fed.home.alerts().await);

    let mut command = fed.home.program(&["migrate", "--to", "env:TARGET", "--json"]);
    let moved = command.env("TARGET", &url).output().await.expect("it can be started");
    assert!(moved.status.success(), "{moved:?}");
    let moved: Value = serde_json::from_slice(&moved.stdout).expect("JSON");
    for (table, rows) in [("feed", 1), ("article", 3), ("alert", 3), ("delivery", 3), ("attempt", 3)] {
        assert_eq!(moved["tables"][table], rows, "{moved}");
    }

    // Another one is refused: the first is there.
    let again = fed.home.run(&["migrate", "--to", &url]).await;
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.stderr.contains("holds feeds, articles or alerts already"), "{again:?}");

    let config = std::fs::read_to_string(fed.home.path().join("feedwatch.toml")).expect("the configuration");
    let there = Home::with(&format!("[store]\nurl = \"{url}\"\n{config}"));
    assert_eq!(alerts(&there.alerts().await), shown, "every alert with its deliveries and attempts");
    assert_eq!(there.status().await["feeds"], fed.home.status().await["feeds"]);
    fed.receiver.otherwise(Reply::Status(200));
    let daemon = there.start().await;
    fed.site.publish("/news.xml", &["four", "three", "two", "one"].map(Article::about_s400));
    holds("the new one is delivered", || fed.receiver.articles().len() >= 3).await;
    for alert in there.alerts().await {
        let sent = there.run(&["redeliver", alert["id"].as_str().expect("an id")]).await;
        assert_eq!(sent.code, Some(0), "{sent:?}");
    }
    until("nothing waits", async || (there.status().await["notifiers"][0]["pending"] == 0).then_some(()))
        .await;
    daemon.stop().await;
    let accepted = fed.receiver.articles();
    assert!(accepted.values().all(|times| *times == 1), "nobody hears anything twice: {accepted:?}");
    assert_eq!(accepted.len(), 4, "what waited there is sent from here: {accepted:?}");
    let backup = there.run(&["backup", "copy.db"]).await;
    assert!(backup.code == Some(1) && backup.stderr.contains("pg_dump copies it"), "{backup:?}");
}

#[tokio::test]
async fn a_move_that_breaks_off_leaves_both_as_they_were() {
    let Some(cluster) = Cluster::shared().await else { return };
    let (fed, url) = (Fed::new().await, cluster.database().await);
    fed.fill().await.stop().await;
    let shown = alerts(&fed.home.alerts().await);
    // Tables are there already; one of them refuses a row at the very end.
    let empty = Home::with(&format!("[store]\nurl = \"{url}\"\n"));
    empty.start().await.stop().await;
    let client = connect(&url).await.expect("the database is there");
    client.batch_execute("ALTER TABLE attempt ADD CHECK (n < 0)").await.expect("altered");
    let broken = fed.home.run(&["migrate", "--to", &url]).await;
    assert_eq!(broken.code, Some(1), "{broken:?}");
    assert!(broken.stderr.contains("unexpected answer of PostgreSQL"), "{broken:?}");
    let rows = client.query_one("SELECT count(*) FROM feed", &[]).await.expect("counted");
    assert_eq!(rows.get::<_, i64>(0), 0, "nothing of it is kept");
    client.batch_execute("ALTER TABLE attempt DROP CONSTRAINT attempt_n_check").await.expect("altered");
    assert_eq!(alerts(&fed.home.alerts().await), shown, "the file is as it was");
    let done = fed.home.run(&["migrate", "--to", &url]).await;
    assert_eq!(done.code, Some(0), "{done:?}");
}

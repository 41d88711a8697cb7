//! What only the shared store has: a server that comes and goes, and others that work on the same database.

use std::{collections::BTreeSet, sync::Arc};

use feedwatch::{
    model::OwnerId,
    store::{Location, Settings, Store, StoreError, postgres::PostgresStore},
};
use tokio::{sync::Notify, task::JoinSet};

use super::rig::*;
use crate::support::{
    PATIENCE,
    postgres::{Cluster, connect},
    until,
};

async fn open(settings: &Settings) -> Result<PostgresStore, StoreError> {
    let Location::Postgres(address) = &settings.location else { unreachable!("it is one") };
    PostgresStore::open(address, settings, false).await
}

async fn beside(settings: &Settings) -> Result<PostgresStore, StoreError> {
    let Location::Postgres(address) = &settings.location else { unreachable!("it is one") };
    PostgresStore::open_beside(address, settings).await
}

#[track_caller]
fn unusable<T>(result: Result<T, StoreError>, sentence: &str) {
    match result.err() {
        Some(StoreError::Unusable(text)) => assert!(text.contains(sentence), "{text}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn many_that_start_at_once_on_an_empty_database_all_come_up() {
    let Some(cluster) = Cluster::shared().await else { return };
    for _ in 0..5 {
        let settings = settings_of(&cluster.database().await);
        let mut starting = JoinSet::new();
        for _ in 0..8 {
            let settings = settings.clone();
            starting.spawn(async move { open(&settings).await.map(drop) });
        }
        for started in starting.join_all().await {
            started.unwrap();
        }
    }
}

#[tokio::test]
async fn who_only_looks_makes_nothing() {
    let Some(cluster) = Cluster::shared().await else { return };
    let url = cluster.database().await;
    unusable(beside(&settings_of(&url)).await, "has no feedwatch tables yet");
    let client = connect(&url).await.unwrap();
    let tables = client.query("SELECT 1 FROM pg_tables WHERE schemaname = 'public'", &[]).await.unwrap();
    assert!(tables.is_empty());
}

#[tokio::test]
async fn what_is_not_ours_or_newer_is_left_untouched() {
    let Some(cluster) = Cluster::shared().await else { return };
    let url = cluster.database().await;
    let client = connect(&url).await.unwrap();
    client.batch_execute("CREATE TABLE feed (theirs text)").await.unwrap();
    unusable(open(&settings_of(&url)).await, "holds tables of another program");
    client.batch_execute("DROP TABLE feed").await.unwrap();
    open(&settings_of(&url)).await.unwrap();
    client.batch_execute("UPDATE schema_version SET version = 99").await.unwrap();
    unusable(open(&settings_of(&url)).await, "was made by a newer feedwatch (schema 99, this one knows ");
    unusable(beside(&settings_of(&url)).await, "was made by a newer feedwatch");
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named_and_the_url_is_not() {
    let Some(cluster) = Cluster::shared().await else { return };
    let url =
        cluster.database().await.replace("/test", "/nowhere").replace("user=", "password=hunter2&user=");
    match open(&settings_of(&url)).await.err() {
        Some(StoreError::Unusable(text)) => {
            assert!(text.contains("does not exist (3D000)") && !text.contains("hunter2"), "{text}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn two_that_claim_at_once_never_get_the_same_host() {
    let Some(rig) = Rig::<Postgres>::new().await else { return };
    let feeds: Vec<_> = (0..200).map(|n| entry(&format!("feed{n}"), &format!("host{n}"))).collect();
    rig.configure(&feeds).await;
    let mut claiming = JoinSet::new();
    for owner in 0..8 {
        let store = rig.store.clone();
        claiming.spawn(async move {
            let owner = OwnerId::from(format!("owner{owner}").as_str());
            let mut names = Vec::new();
            loop {
                let hosts = store.claim_hosts(&owner, 7).await.unwrap().hosts;
                if hosts.is_empty() {
                    return names;
                }
                assert!(hosts.len() <= 7, "no more than was asked for");
                names.extend(hosts.into_iter().map(|host| host.lease.host));
            }
        });
    }
    let claimed: Vec<_> = claiming.join_all().await.into_iter().flatten().collect();
    assert_eq!(claimed.len(), 200);
    assert_eq!(claimed.iter().collect::<BTreeSet<_>>().len(), 200);
}

#[tokio::test]
async fn a_server_that_goes_is_trouble_until_it_is_back() {
    let Some(cluster) = Cluster::start().await else { return };
    let settings = settings_of(&cluster.database().await);
    let store = open(&settings).await.unwrap();
    store.probe().await.unwrap();
    assert_eq!(store.trouble(), None);
    cluster.stop();
    let refused = until("the server is away", async || store.probe().await.err()).await;
    assert!(
        matches!(&refused, StoreError::Unavailable(text) if text.contains("cannot be reached")),
        "{refused}"
    );
    assert!(store.trouble().is_some_and(|why| why.contains("cannot be reached")), "{:?}", store.trouble());
    assert!(matches!(open(&settings).await, Err(StoreError::Unavailable(_))), "who cannot wait is told");
    cluster.start_again();
    until("it is back", async || store.probe().await.ok()).await;
    assert_eq!(store.trouble(), None);
}

#[tokio::test]
async fn without_prepared_statements_everything_works_the_same() {
    let Some(rig) = Rig::<Postgres>::new().await else { return };
    let settings = settings_of(&format!("{}&statement_cache=off", rig.engine.url()));
    let Rig { engine, clock, me, .. } = rig;
    let rig = Rig { store: open(&settings).await.unwrap(), engine, clock, me };
    rig.with_alerts(vec![rig.alert("x", &["S-400"], b"{}")]).await;
    assert_eq!(rig.delivery().await.body, b"{}");
    assert!(rig.known("feed", ("x", None)).await.is_none());
    assert!(rig.prune().await.is_empty());
}

#[tokio::test]
async fn others_hear_that_there_is_something_to_do() {
    let Some(rig) = Rig::<Postgres>::new().await else { return };
    let other = open(&settings_of(rig.engine.url())).await.unwrap();
    let due = Arc::new(Notify::new());
    other.wake(&due);
    let client = connect(rig.engine.url()).await.unwrap();
    until("it listens", async || {
        let listening = "SELECT 1 FROM pg_stat_activity WHERE query = 'LISTEN feedwatch' AND datname = current_database()";
        client.query_opt(listening, &[]).await.unwrap().map(drop)
    })
    .await;
    let told = due.notified();
    tokio::pin!(told);
    let alerts = ["x", "y"].map(|name| rig.alert(name, &["S-400"], b"{}"));
    // The configuration is a hint, too, and a second one within a second is not sent: whichever comes wakes.
    rig.with_alerts(alerts.to_vec()).await;
    tokio::time::timeout(PATIENCE, told).await.expect("the other one is woken");
}

//! How the server finds what is asked often: by an index, never by looking through a table.

use tokio_postgres::{Client, SimpleQueryMessage};

use super::{PostgresStore, address::Address, articles, deliveries, events, hosts, prune, stored};
use crate::store::{Location, Settings};

#[path = "../../../tests/it/support/postgres.rs"]
#[expect(dead_code, reason = "what only stops and starts it is not needed here")]
mod cluster;
#[path = "../../../tests/it/support/wait.rs"]
#[expect(dead_code, reason = "only one of its two words is needed here")]
mod wait;

use wait::until;

/// A database with the tables, and planning as if they were large.
async fn database() -> Option<Client> {
    let url = cluster::Cluster::shared().await?.database().await;
    let address = Address::parse(&url).unwrap();
    let day = std::time::Duration::from_hours(24);
    let settings = Settings {
        location: Location::Postgres(address.clone()),
        retention: day,
        seen_retention: day,
        lease: day,
        connections: 1,
        keep_delivered: day,
        keep_dead: day,
    };
    PostgresStore::open(&address, &settings, false).await.unwrap();
    let client = cluster::connect(&url).await.unwrap();
    client
        .batch_execute(
            "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off; \
             SET plan_cache_mode = force_generic_plan",
        )
        .await
        .unwrap();
    Some(client)
}

/// The plan of a statement, whatever its values.
async fn plan(client: &Client, sql: &str) -> String {
    let values = (1..=9).filter(|n| sql.contains(&format!("${n}"))).map(|_| "NULL").collect::<Vec<_>>();
    let values = if values.is_empty() { String::new() } else { format!("({})", values.join(", ")) };
    // The program tells the types; here the server must find them.
    let sql = sql.replace(" + make_interval", "::timestamptz + make_interval");
    client.batch_execute(&format!("PREPARE planned AS {sql}")).await.unwrap();
    let lines = client.simple_query(&format!("EXPLAIN (COSTS OFF) EXECUTE planned{values}")).await.unwrap();
    client.batch_execute("DEALLOCATE planned").await.unwrap();
    let line = |line: &SimpleQueryMessage| match line {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    };
    lines.iter().filter_map(line).collect::<Vec<_>>().join("\n")
}

async fn check(client: &Client, sql: &str, index: &str) {
    let plan = plan(client, sql).await;
    assert!(plan.contains(&format!("using {index} on ")), "{index} is not used by {sql}:\n{plan}");
    assert!(looked_through(&plan).is_none(), "{sql}:\n{plan}");
}

/// A table that is looked through, those of a few rows apart.
fn looked_through(plan: &str) -> Option<&str> {
    let is_small =
        |line: &str| ["flock", "controller", "meta", "notifier"].iter().any(|table| line.ends_with(table));
    plan.lines().find(|line| line.contains("Seq Scan on") && !is_small(line))
}

#[tokio::test]
async fn what_is_claimed_is_found_by_its_index() {
    let Some(client) = database().await else { return };
    check(&client, hosts::CLAIM_HOSTS, "host_due").await;
    check(&client, hosts::CLAIM_EXEMPT, "feed_exempt").await;
    check(&client, hosts::FREE_LAPSED, "host_held").await;
    check(&client, hosts::NEXT_HOST, "host_due").await;
    check(&client, hosts::HAND_OUT, "feed_due").await;
    check(&client, hosts::REFRESH, "feed_due").await;
    check(&client, deliveries::CLAIM_DUE, "delivery_due").await;
    check(&client, deliveries::CLAIM_PROBE, "delivery_probe").await;
    check(&client, deliveries::NEXT_DELIVERY, "delivery_due").await;
    check(&client, deliveries::TAKE_BACK_LAPSED, "delivery_sending").await;
    check(&client, deliveries::HASTEN_DELIVERIES, "delivery_due").await;
}

#[tokio::test]
async fn what_is_looked_up_and_what_is_old_is_found_by_its_index() {
    let Some(client) = database().await else { return };
    check(&client, articles::BY_KEY, "article_key").await;
    check(&client, articles::BY_LINK, "article_link").await;
    check(&client, stored::NEWEST, "article_text_recorded").await;
    check(&client, events::MORE_EVENTS, "alert_event").await;
    check(&client, events::OTHERS_TOLD_TOGETHER, "feed_told").await;
    check(&client, prune::OLD_TEXTS, "article_text_recorded").await;
    check(&client, prune::OLD_DELIVERED, "delivery_delivered").await;
    check(&client, prune::OLD_GIVEN_UP, "delivery_given_up_at").await;
    check(&client, prune::SETTLED_ALERTS, "alert_settled").await;
    check(&client, prune::UNSWEPT_FEEDS, "feed_swept").await;
    check(&client, prune::OLD_KEYS, "article_key").await;
    check(&client, prune::REMOVED_FEEDS, "feed_removed").await;
    check(&client, prune::UNUSED_HOST, "feed_host").await;
}

#[tokio::test]
async fn the_checker_itself_sees_a_scan() {
    let Some(client) = database().await else { return };
    let plan = plan(&client, "SELECT * FROM feed WHERE url = $1").await;
    assert!(looked_through(&plan).is_some(), "{plan}");
}

//! How SQLite finds what is asked often: by an index, never by looking through a table.

use rusqlite::Connection;

use super::{activity, articles, deliveries, events, hosts, open, prune, stored, views};

fn database() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let (connection, _lock) = open::open_owned(&folder.path().join("f.db"), 0).unwrap();
    (folder, connection)
}

fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let lines = statement.raw_query().mapped(|row| row.get("detail"));
    lines.collect::<Result<_, _>>().unwrap()
}

/// The steps that look through a table, or sort. A scan of an index in its order, cut by LIMIT, is fine.
fn costly(plan: &[String]) -> Vec<&String> {
    let is_costly = |step: &&String| {
        step.contains("TEMP B-TREE") || (step.starts_with("SCAN") && !step.contains("USING"))
    };
    plan.iter().filter(is_costly).collect()
}

#[track_caller]
fn check(sql: &str, index: &str) {
    let (_folder, connection) = database();
    let plan = plan(&connection, sql);
    assert!(plan.iter().any(|step| step.contains(index)), "{index} is not used by {sql}: {plan:#?}");
    assert!(costly(&plan).is_empty(), "{sql}: {plan:#?}");
}

#[test]
fn hosts_and_their_feeds_are_claimed_by_their_indexes() {
    check(hosts::DUE_HOSTS, "INDEX host_due (next_due<?)");
    check(hosts::NEXT_HOST, "INDEX host_due");
    check(hosts::EXEMPT_HOSTS, "INDEX feed_exempt (next_poll<?)");
    check(hosts::LAPSED_HOSTS, "INDEX host_held (lease_until<?)");
    check(hosts::DUE_FEEDS, "INDEX feed_due (host=? AND enabled=? AND next_poll<?)");
    check(hosts::REFRESH, "INDEX feed_due (host=? AND enabled=? AND next_poll>?)");
}

#[test]
fn deliveries_are_claimed_by_their_index() {
    check(deliveries::DUE_DELIVERIES, "COVERING INDEX delivery_due (notifier=? AND next_attempt<?)");
    check(deliveries::NEXT_DELIVERY, "COVERING INDEX delivery_due (notifier=?)");
    check(deliveries::HASTEN_DELIVERIES, "COVERING INDEX delivery_due (notifier=? AND next_attempt>?)");
    check(deliveries::PROBE, "COVERING INDEX delivery_probe (notifier=?)");
    check(deliveries::GIVE_UP_OVERDUE, "COVERING INDEX delivery_due (notifier=?)");
    check(deliveries::LAPSED_DELIVERIES, "INDEX delivery_sending (notifier=? AND lease_until<?)");
}

#[test]
fn events_are_counted_and_listed_by_their_indexes() {
    check(events::MORE_EVENTS, "INDEX alert_event (event=? AND created>?)");
    check(events::OTHERS_TOLD_TOGETHER, "INDEX feed_told (told=?)");
}

#[test]
fn alerts_are_listed_by_an_index_that_has_all_that_is_asked_for() {
    let (_folder, connection) = database();
    let plan = plan(&connection, views::ALERTS);
    let index = "COVERING INDEX alert_listed (created>?)";
    assert!(plan.iter().any(|step| step.contains(index)), "{plan:#?}");
}

#[test]
fn articles_are_known_by_their_indexes() {
    check(articles::BY_KEY, "PRIMARY KEY (feed=? AND key=?)");
    check(articles::BY_LINK, "INDEX seen_link (feed=? AND link_key=?)");
}

#[test]
fn what_was_delivered_lately_is_found_by_its_index() {
    let (_folder, connection) = database();
    let plan = plan(&connection, activity::DELIVERED);
    assert!(plan.iter().any(|step| step.contains("INDEX delivery_delivered (finished>?)")), "{plan:#?}");
}

#[test]
fn kept_texts_are_walked_along_their_index() {
    check(stored::NEWEST, "INDEX article_text_recorded (recorded>? AND recorded<?)");
}

#[test]
fn queues_are_counted_from_indexes_alone() {
    let (_folder, connection) = database();
    let plan = plan(&connection, views::QUEUES);
    let deliveries: Vec<_> =
        plan.iter().filter(|line| line.contains(" d ") || line.ends_with(" d")).collect();
    assert_eq!(deliveries.len(), 8, "{plan:#?}");
    for line in deliveries {
        assert!(line.contains("INDEX delivery_"), "{line}");
        assert!(!line.contains("delivery_due") || line.contains("COVERING"), "{line}");
    }
}

#[test]
fn what_is_old_is_found_by_its_indexes() {
    check(prune::OLD_TEXTS, "INDEX article_text_recorded (recorded<?)");
    check(prune::OLD_DELIVERED, "INDEX delivery_delivered (finished<?)");
    check(prune::OLD_GIVEN_UP, "INDEX delivery_given_up_at (finished<?)");
    check(prune::SETTLED_ALERTS, "INDEX alert_settled (created<?)");
    check(prune::UNSWEPT_FEEDS, "INDEX feed_swept (swept_at<?)");
    check(prune::OLD_KEYS, "PRIMARY KEY (feed=?)");
    check(prune::REMOVED_FEEDS, "INDEX feed_removed (removed_at<?)");
    check(prune::UNUSED_HOST, "INDEX feed_due (host=?)");
}

#[test]
fn the_checker_itself_sees_a_scan_and_a_sort() {
    let (_folder, connection) = database();
    let plan = plan(&connection, "SELECT * FROM feed WHERE url = ?1 ORDER BY title");
    assert_eq!(costly(&plan).len(), 2, "{plan:#?}");
}

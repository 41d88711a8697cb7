//! Bringing stored times back in order after the server's clock jumped back. Claims are never voided: others may live.

use tracing::warn;

use super::{error::Result, hosts::REFRESH_ALL, transaction::Tx};

/// What holds when an instance starts: whoever starts feedwatch may just have mended the receiver, so a probe is due.
/// Retry-After holds.
pub async fn after_start(tx: &Tx) -> Result<()> {
    let probes = "UPDATE notifier SET until = $1 WHERE state IN ('open', 'held') AND until > $1";
    tx.run(probes, &[&tx.now]).await?;
    after_jump(tx).await
}

/// Times beyond what they can honestly be were written by a clock that was wrong: they are brought near. The longest
/// honest waits are those of the embedded store.
pub async fn after_jump(tx: &Tx) -> Result<()> {
    let mut pulled = 0;
    for sql in FEEDS.iter().chain(&HOSTS) {
        pulled += tx.run(sql, &[&tx.now]).await?;
    }
    if pulled > 0 {
        tx.run(REFRESH_ALL, &[]).await?;
    }
    for sql in OTHERS {
        pulled += tx.run(sql, &[&tx.now]).await?;
    }
    if pulled > 0 {
        warn!(rows = pulled, "the server's clock went back: waits that it made too long were shortened");
    }
    Ok(())
}

/// A feed attempted in the future was attempted now, and waits as long as it was to wait after that attempt.
const FEEDS: [&str; 2] = [
    "UPDATE feed SET last_attempt = $1, next_poll = greatest($1, next_poll - (last_attempt - $1)), \
        retry_after = retry_after - (last_attempt - $1), last_success = least(last_success, $1), \
        failing_since = least(failing_since, $1) WHERE last_attempt > $1",
    "UPDATE feed SET next_poll = $1 WHERE next_poll > $1 + interval '8 days' \
        AND reason NOT IN ('interval', 'retry-after', 'max-age', 'expires', 'ttl', 'sy', 'skip')",
];

/// A gate that was closed in the future was closed now, for as long as it was to be.
const HOSTS: [&str; 4] = [
    "UPDATE host SET not_before = greatest('epoch', not_before - (turned_away_at - $1)), turned_away_at = $1 \
        WHERE turned_away_at > $1",
    "UPDATE host SET not_before = $1 WHERE not_before > $1 + interval '8 days'",
    "UPDATE host SET pause_until = $1 WHERE pause_until > $1 + interval '1 day'",
    "UPDATE host SET lease_until = $1 + interval '1 hour' WHERE owner IS NOT NULL \
        AND lease_until > $1 + interval '1 hour'",
];

const OTHERS: [&str; 7] = [
    "UPDATE controller SET held_until = 'epoch' WHERE held_until > $1 + interval '1 hour'",
    "UPDATE delivery SET next_attempt = $1 WHERE state = 'pending' AND next_attempt > $1 + interval '48 hours'",
    "UPDATE delivery SET lease_until = $1 + interval '1 hour' WHERE state = 'sending' \
        AND lease_until > $1 + interval '1 hour'",
    "UPDATE delivery SET age_from = $1 WHERE state IN ('pending', 'sending') AND age_from > $1",
    "UPDATE notifier SET until = greatest($1, until - (since - $1)), since = $1 WHERE since > $1",
    "UPDATE notifier SET until = $1 WHERE until > $1 + interval '48 hours'",
    "UPDATE notifier SET told_dead = NULL WHERE told_dead > $1",
];

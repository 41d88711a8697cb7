-- Times are milliseconds since 1970 (UTC), spans are milliseconds, lists of names are JSON arrays.

CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The unit of claiming a poll: one owner at a time, so politeness to a host is kept.
CREATE TABLE host (
    host        INTEGER PRIMARY KEY,
    name        TEXT    NOT NULL UNIQUE,
    next_due    INTEGER,                     -- first poll of its feeds; NULL: none. Exact while nobody holds the host
    not_before  INTEGER NOT NULL DEFAULT 0,  -- the host asked for patience
    pause_until INTEGER NOT NULL DEFAULT 0,  -- the gap after the last request
    owner       TEXT,
    epoch       INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER
) STRICT;
CREATE INDEX host_due  ON host (next_due)    WHERE owner IS NULL AND next_due IS NOT NULL;
CREATE INDEX host_held ON host (lease_until) WHERE owner IS NOT NULL;

CREATE TABLE feed (
    feed                 INTEGER PRIMARY KEY,
    id                   TEXT    NOT NULL UNIQUE,
    host                 INTEGER NOT NULL REFERENCES host,
    url                  TEXT    NOT NULL,
    request              TEXT    NOT NULL,   -- fingerprint of all that the request is made of
    configured           INTEGER NOT NULL,   -- in the configuration
    enabled              INTEGER NOT NULL,   -- ... and polled
    removed_at           INTEGER,
    guard                INTEGER NOT NULL,
    handed_out           INTEGER,            -- under way: the host's epoch at the hand-out
    title                TEXT,
    etag                 BLOB,
    last_modified        BLOB,
    validated_url        TEXT,
    body_hash            BLOB,
    document_at          INTEGER,            -- the last readable document
    next_poll            INTEGER,            -- NULL: gone
    reason               TEXT    NOT NULL,
    retry_after          INTEGER,
    last_attempt         INTEGER,
    last_success         INTEGER,
    last_status          INTEGER,
    last_outcome         TEXT,
    error                TEXT,
    consecutive_failures INTEGER NOT NULL DEFAULT 0,
    failing_since        INTEGER,
    polls                INTEGER NOT NULL DEFAULT 0,
    not_modified         INTEGER NOT NULL DEFAULT 0,
    swept_at             INTEGER NOT NULL DEFAULT 0  -- when its seen keys were last looked through
) STRICT;
CREATE INDEX feed_due     ON feed (host, enabled, next_poll);
CREATE INDEX feed_swept   ON feed (swept_at);
CREATE INDEX feed_removed ON feed (removed_at) WHERE removed_at IS NOT NULL;

-- What is known of each article: small rows, looked up for every entry of every document.
CREATE TABLE seen (
    feed      INTEGER NOT NULL,
    key       BLOB    NOT NULL,
    hash      BLOB    NOT NULL,
    last_seen INTEGER NOT NULL,   -- exact to a day
    article   INTEGER NOT NULL,
    link_key  BLOB,               -- NULL if it equals key
    topics    TEXT,               -- mentioned so far; NULL: none
    PRIMARY KEY (feed, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_link ON seen (feed, link_key) WHERE link_key IS NOT NULL;

CREATE TABLE article (
    article   INTEGER PRIMARY KEY,
    feed      INTEGER NOT NULL,
    url       TEXT,
    title     TEXT,
    published INTEGER,
    updated   INTEGER
) STRICT;

-- The long part of an article, for backtest; goes when retention is over.
CREATE TABLE article_text (
    article  INTEGER PRIMARY KEY REFERENCES article ON DELETE CASCADE,
    recorded INTEGER NOT NULL,
    summary  TEXT,
    content  TEXT,
    author   TEXT,
    tags     TEXT
) STRICT;
CREATE INDEX article_text_recorded ON article_text (recorded);

CREATE TABLE alert (
    alert      INTEGER PRIMARY KEY,
    id         TEXT    NOT NULL UNIQUE,
    feed       TEXT    NOT NULL,   -- the feed's id; stays when the feed goes
    article    BLOB    NOT NULL,   -- the article's key
    created    INTEGER NOT NULL,
    topics     TEXT    NOT NULL,
    data       TEXT    NOT NULL,   -- the `data` object of the standard body
    deliveries INTEGER NOT NULL    -- how many there are
) STRICT;
CREATE INDEX alert_created ON alert (created);
CREATE INDEX alert_settled ON alert (created) WHERE deliveries = 0;

CREATE TABLE notifier (
    notifier       INTEGER PRIMARY KEY,
    name           TEXT    NOT NULL UNIQUE,
    configured     INTEGER NOT NULL,
    last_delivered INTEGER
) STRICT;

CREATE TABLE delivery (
    delivery     INTEGER PRIMARY KEY,
    alert        INTEGER NOT NULL REFERENCES alert ON DELETE CASCADE,
    notifier     INTEGER NOT NULL REFERENCES notifier,
    state        TEXT    NOT NULL CHECK (state IN ('pending', 'sending', 'delivered', 'dead', 'held_back')),
    attempts     INTEGER NOT NULL DEFAULT 0,
    age_from     INTEGER NOT NULL,   -- creation, or the last redeliver
    next_attempt INTEGER,            -- while pending
    owner        TEXT,               -- while sending
    epoch        INTEGER NOT NULL DEFAULT 0,
    lease_until  INTEGER,            -- while sending
    finished     INTEGER,            -- once delivered, dead or held back
    failed_at    INTEGER,            -- the last failed attempt, until it is delivered
    reason       TEXT,               -- what that attempt said
    UNIQUE (alert, notifier)
) STRICT;
CREATE INDEX delivery_due         ON delivery (notifier, next_attempt, delivery, age_from) WHERE state = 'pending';
CREATE INDEX delivery_sending     ON delivery (notifier, lease_until) WHERE state = 'sending';
CREATE INDEX delivery_delivered   ON delivery (finished) WHERE state = 'delivered';
CREATE INDEX delivery_given_up    ON delivery (notifier, state) WHERE state IN ('dead', 'held_back');
CREATE INDEX delivery_given_up_at ON delivery (finished) WHERE state IN ('dead', 'held_back');
CREATE INDEX delivery_failed      ON delivery (notifier, failed_at) WHERE failed_at IS NOT NULL;

-- The rendered bytes, apart from the row that changes with each claim and attempt.
CREATE TABLE delivery_body (
    delivery INTEGER PRIMARY KEY REFERENCES delivery ON DELETE CASCADE,
    body     BLOB    NOT NULL
) STRICT;

CREATE TABLE attempt (
    delivery INTEGER NOT NULL REFERENCES delivery ON DELETE CASCADE,
    n        INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    took_ms  INTEGER NOT NULL,
    status   INTEGER,
    answer   TEXT    NOT NULL,
    PRIMARY KEY (delivery, n)
) STRICT, WITHOUT ROWID;

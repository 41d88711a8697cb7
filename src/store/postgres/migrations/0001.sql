-- Names and meanings are those of the embedded store. Times are timestamptz, by the server's clock alone; lists of names
-- are text[]; what is signed or compared byte for byte is bytea; JSON that is handed on as it is stays text.

-- The time that decides, to the millisecond: whoever compares, stores and shows it sees the same.
CREATE FUNCTION feedwatch_now() RETURNS timestamptz LANGUAGE sql VOLATILE
    AS $$ SELECT date_trunc('milliseconds', clock_timestamp()) $$;

-- Facts, and who does what only one may do at a time.
CREATE TABLE meta (
    name  text PRIMARY KEY,
    owner text,
    until timestamptz
);
INSERT INTO meta (name) VALUES ('prune'), ('sync'), ('events');

-- The unit of claiming a poll: one owner at a time, so politeness to a host is kept.
CREATE TABLE host (
    host           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name           text        NOT NULL UNIQUE,
    next_due       timestamptz,                          -- first poll of its feeds; NULL: none. Exact while nobody holds the host
    not_before     timestamptz NOT NULL DEFAULT 'epoch', -- the host asked for patience
    why            text,                                 -- the answer that closed the gate
    turned_away    integer,                              -- the feed that last got 429 or 503
    turned_away_at timestamptz,
    pause_until    timestamptz NOT NULL DEFAULT 'epoch', -- the gap after the last request
    gap            interval    NOT NULL DEFAULT '0',     -- from one request to the next
    owner          text,
    epoch          bigint      NOT NULL DEFAULT 0,
    lease_until    timestamptz
) WITH (fillfactor = 80);
CREATE INDEX host_due  ON host (next_due)    WHERE owner IS NULL AND next_due IS NOT NULL;
CREATE INDEX host_held ON host (lease_until) WHERE owner IS NOT NULL;

CREATE TABLE feed (
    feed                 integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id                   text     NOT NULL UNIQUE,
    host                 integer  NOT NULL REFERENCES host,
    url                  text     NOT NULL,
    request              text     NOT NULL,   -- fingerprint of all that the request is made of
    configured           boolean  NOT NULL,   -- in the configuration
    enabled              boolean  NOT NULL,   -- ... and polled
    adaptive             boolean  NOT NULL,   -- its waits are chosen
    removed_at           timestamptz,
    guard                interval NOT NULL,
    handed_out           bigint,              -- under way: the host's epoch at the hand-out
    title                text,
    etag                 bytea,
    last_modified        bytea,
    validated_url        text,
    body_hash            bytea,
    document_at          timestamptz,         -- the last readable document
    next_poll            timestamptz,         -- NULL: gone
    reason               text     NOT NULL,
    retry_after          timestamptz,
    last_attempt         timestamptz,
    last_success         timestamptz,
    last_status          integer,
    last_outcome         text,
    error                text,
    consecutive_failures bigint   NOT NULL DEFAULT 0,
    failing_since        timestamptz,
    polls                bigint   NOT NULL DEFAULT 0,
    not_modified         bigint   NOT NULL DEFAULT 0,
    bytes                bigint   NOT NULL DEFAULT 0,
    gaps                 bigint   NOT NULL DEFAULT 0,
    memory               text,                -- what is remembered between polls, as JSON
    rhythm               bytea,               -- as the scheduler keeps it
    share                double precision NOT NULL DEFAULT 0,  -- its part in the price of a poll; 0: it takes no part
    swept_at             timestamptz NOT NULL DEFAULT 'epoch', -- when its seen keys were last looked through
    told                 text CHECK (told IN ('alone', 'together'))  -- how somebody was told that it fails; NULL: nobody was
) WITH (fillfactor = 70);
CREATE INDEX feed_due     ON feed (host, next_poll) WHERE enabled;
CREATE INDEX feed_host    ON feed (host);
CREATE INDEX feed_exempt  ON feed (next_poll) WHERE enabled AND (NOT adaptive OR polls = 0);
CREATE INDEX feed_swept   ON feed (swept_at);
CREATE INDEX feed_told    ON feed (told) WHERE told IS NOT NULL;
CREATE INDEX feed_removed ON feed (removed_at) WHERE removed_at IS NOT NULL;

-- What the adaptive feeds are together: sums, in parts so that polls that end at the same time do not wait for one row.
CREATE TABLE flock (
    part     integer          PRIMARY KEY,
    feeds    bigint           NOT NULL DEFAULT 0,
    shares   double precision NOT NULL DEFAULT 0,
    polls    bigint           NOT NULL DEFAULT 0,
    articles bigint           NOT NULL DEFAULT 0,
    flagged  bigint           NOT NULL DEFAULT 0
) WITH (fillfactor = 10);
INSERT INTO flock (part) SELECT generate_series(0, 31);

-- One row: what the scheduler keeps about them all.
CREATE TABLE controller (
    controller integer     PRIMARY KEY CHECK (controller = 1),
    held_until timestamptz NOT NULL DEFAULT 'epoch',  -- the cap: only exempt feeds are handed out before
    kept       text
);
INSERT INTO controller (controller) VALUES (1);

-- What is known of each article: looked up for every entry of every document. Not two tables, as in the file: a row more
-- costs 28 bytes here, and its key another 30. Keys are uuids because these take 16 bytes and no length; links are found by
-- four bytes of theirs.
CREATE TABLE article (
    article   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    last_seen timestamptz NOT NULL,   -- exact to a day
    published timestamptz,
    updated   timestamptz,
    feed      integer     NOT NULL,
    key       uuid        NOT NULL,
    hash      uuid        NOT NULL,
    link_key  uuid,                   -- NULL if it equals key
    url       text,
    title     text,
    topics    text,                   -- mentioned so far; NULL: none
    CONSTRAINT article_key UNIQUE (feed, key)
);
CREATE INDEX article_link ON article (feed, uuid_hash(link_key)) WHERE link_key IS NOT NULL;

-- The long part of an article, for backtest; goes when retention is over.
CREATE TABLE article_text (
    article  bigint      PRIMARY KEY REFERENCES article ON DELETE CASCADE,
    recorded timestamptz NOT NULL,
    summary  text,
    content  text,
    author   text,
    tags     text
);
CREATE INDEX article_text_recorded ON article_text (recorded, article);

-- New articles by day (days since 1970, UTC), for the page; kept for a week.
CREATE TABLE article_day (
    feed     integer NOT NULL REFERENCES feed ON DELETE CASCADE,
    day      bigint  NOT NULL,
    articles bigint  NOT NULL,
    PRIMARY KEY (feed, day)
);

-- Alerts, and operational events, which have their type here; their `feed` is their subject, their `article` is empty.
CREATE TABLE alert (
    alert      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id         text        NOT NULL UNIQUE,
    event      text,
    feed       text        NOT NULL,   -- the feed's id; stays when the feed goes
    article    bytea       NOT NULL,   -- the article's key
    created    timestamptz NOT NULL,
    topics     text[]      NOT NULL,
    data       text        NOT NULL,   -- the `data` object of the standard body
    deliveries bigint      NOT NULL    -- how many there are
);
CREATE INDEX alert_created ON alert (created, alert);
CREATE INDEX alert_event   ON alert (event, created) WHERE event IS NOT NULL;
CREATE INDEX alert_settled ON alert (created) WHERE deliveries = 0;

-- How notifiers are doing: changed by the transaction that records an attempt, shared by all who send.
CREATE TABLE notifier (
    notifier       integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name           text    NOT NULL UNIQUE,
    configured     boolean NOT NULL,
    target         text,                             -- fingerprint of where and how it sends
    epoch          bigint  NOT NULL DEFAULT 0,       -- grows when that changes
    state          text    NOT NULL DEFAULT 'active'
        CHECK (state IN ('active', 'open', 'paused', 'held', 'gone', 'disabled')),
    since          timestamptz,                      -- in this state
    until          timestamptz,                      -- nothing is sent before
    reason         text,
    failures       bigint  NOT NULL DEFAULT 0,       -- transient ones in a row
    probes         bigint  NOT NULL DEFAULT 0,       -- failed ones since it left 'active'
    granted        boolean NOT NULL DEFAULT false,   -- one probe is allowed now
    told           boolean NOT NULL DEFAULT false,   -- somebody knows of this state
    reported       boolean NOT NULL DEFAULT false,   -- ... beside the log
    told_dead      timestamptz,                      -- somebody was told of a dead delivery, when last
    calling_back   boolean NOT NULL DEFAULT false,   -- all that waits is due
    last_delivered timestamptz
) WITH (fillfactor = 20);

CREATE TABLE delivery (
    delivery     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert        bigint      NOT NULL REFERENCES alert ON DELETE CASCADE,
    notifier     integer     NOT NULL REFERENCES notifier,
    state        text        NOT NULL CHECK (state IN ('pending', 'sending', 'delivered', 'dead', 'held_back')),
    attempts     bigint      NOT NULL DEFAULT 0,
    refusals     bigint      NOT NULL DEFAULT 0,  -- how often the receiver refused the body
    age_from     timestamptz NOT NULL,   -- creation, or the last redeliver
    next_attempt timestamptz,            -- while pending
    owner        text,                   -- while sending
    epoch        bigint      NOT NULL DEFAULT 0,
    lease_until  timestamptz,            -- while sending
    finished     timestamptz,            -- once delivered, dead or held back
    failed_at    timestamptz,            -- the last failed attempt, until it is delivered
    reason       text,                   -- what that attempt said
    UNIQUE (alert, notifier)
) WITH (fillfactor = 80);
CREATE INDEX delivery_due         ON delivery (notifier, next_attempt, delivery) INCLUDE (age_from) WHERE state = 'pending';
CREATE INDEX delivery_probe       ON delivery (notifier, attempts, delivery) WHERE state = 'pending';
CREATE INDEX delivery_sending     ON delivery (notifier, lease_until) WHERE state = 'sending';
CREATE INDEX delivery_delivered   ON delivery (finished) WHERE state = 'delivered';
CREATE INDEX delivery_given_up    ON delivery (notifier, state) WHERE state IN ('dead', 'held_back');
CREATE INDEX delivery_given_up_at ON delivery (finished) WHERE state IN ('dead', 'held_back');
CREATE INDEX delivery_failed      ON delivery (notifier, failed_at) WHERE failed_at IS NOT NULL;

-- The rendered bytes, apart from the row that changes with each claim and attempt; and a plainer form, for the one retry
-- after a refused body.
CREATE TABLE delivery_body (
    delivery bigint PRIMARY KEY REFERENCES delivery ON DELETE CASCADE,
    body     bytea  NOT NULL,
    plain    bytea
);

CREATE TABLE attempt (
    delivery bigint      NOT NULL REFERENCES delivery ON DELETE CASCADE,
    n        bigint      NOT NULL,
    at       timestamptz NOT NULL,
    took_ms  bigint      NOT NULL,
    status   integer,
    answer   text        NOT NULL,
    PRIMARY KEY (delivery, n)
);

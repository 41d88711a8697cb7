-- How notifiers are doing: changed by the transaction that records an attempt, shared by all who send.
ALTER TABLE notifier ADD COLUMN target       TEXT;                               -- fingerprint of where and how it sends
ALTER TABLE notifier ADD COLUMN epoch        INTEGER NOT NULL DEFAULT 0;         -- grows when that changes
ALTER TABLE notifier ADD COLUMN state        TEXT    NOT NULL DEFAULT 'active'
    CHECK (state IN ('active', 'open', 'paused', 'held', 'gone', 'disabled'));
ALTER TABLE notifier ADD COLUMN since        INTEGER;                            -- in this state
ALTER TABLE notifier ADD COLUMN until        INTEGER;                            -- nothing is sent before
ALTER TABLE notifier ADD COLUMN reason       TEXT;
ALTER TABLE notifier ADD COLUMN failures     INTEGER NOT NULL DEFAULT 0;         -- transient ones in a row
ALTER TABLE notifier ADD COLUMN probes       INTEGER NOT NULL DEFAULT 0;         -- failed ones since it left 'active'
ALTER TABLE notifier ADD COLUMN granted      INTEGER NOT NULL DEFAULT 0;         -- one probe is allowed now
ALTER TABLE notifier ADD COLUMN told         INTEGER NOT NULL DEFAULT 0;         -- somebody knows of this state
ALTER TABLE notifier ADD COLUMN told_dead    INTEGER;                            -- ... of a dead delivery, when last
ALTER TABLE notifier ADD COLUMN calling_back INTEGER NOT NULL DEFAULT 0;         -- all that waits is due

-- The one retry after a refused body.
ALTER TABLE delivery      ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery_body ADD COLUMN plain    BLOB;

-- Probes: the fewest attempts, then the oldest.
CREATE INDEX delivery_probe ON delivery (notifier, attempts, delivery) WHERE state = 'pending';

-- Operational events are rows like alerts, with their type here; `feed` is their subject, `article` is empty.
ALTER TABLE alert ADD COLUMN event TEXT;

-- The list of alerts, by topic and by feed, without a look at their evidence.
CREATE INDEX alert_listed ON alert (created, alert, event, feed, topics) WHERE event IS NULL;

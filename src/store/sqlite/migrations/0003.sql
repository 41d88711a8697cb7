-- The adaptive scheduler: what is learned of each feed, and what the feeds are together.
ALTER TABLE feed ADD COLUMN adaptive INTEGER NOT NULL DEFAULT 1;  -- its waits are chosen
ALTER TABLE feed ADD COLUMN rhythm   BLOB;                        -- as the scheduler keeps it
ALTER TABLE feed ADD COLUMN share    REAL    NOT NULL DEFAULT 0;  -- its part in the price of a poll; 0: it takes no part

-- What the cap never holds: feeds whose waits are fixed, and first polls.
CREATE INDEX feed_exempt ON feed (next_poll) WHERE enabled = 1 AND (adaptive = 0 OR polls = 0);

-- One row: sums over the feeds that take part, and over all their polls.
CREATE TABLE flock (
    flock      INTEGER PRIMARY KEY CHECK (flock = 1),
    feeds      INTEGER NOT NULL DEFAULT 0,
    shares     REAL    NOT NULL DEFAULT 0,
    polls      INTEGER NOT NULL DEFAULT 0,
    articles   INTEGER NOT NULL DEFAULT 0,
    flagged    INTEGER NOT NULL DEFAULT 0,
    held_until INTEGER NOT NULL DEFAULT 0,  -- the cap: only exempt feeds are handed out before
    controller TEXT                         -- as the scheduler keeps it
) STRICT;
INSERT INTO flock (flock) VALUES (1);

-- What is remembered of a feed between polls (JSON: hints, redirects, how validators work), and what it cost.
ALTER TABLE feed ADD COLUMN memory TEXT;
ALTER TABLE feed ADD COLUMN bytes  INTEGER NOT NULL DEFAULT 0;
ALTER TABLE feed ADD COLUMN gaps   INTEGER NOT NULL DEFAULT 0;

-- Manners of a host that outlive a crash, and why its gate is closed.
ALTER TABLE host ADD COLUMN gap            INTEGER NOT NULL DEFAULT 0;  -- from one request to the next
ALTER TABLE host ADD COLUMN why            TEXT;                        -- the answer that closed the gate
ALTER TABLE host ADD COLUMN turned_away    INTEGER;                     -- the feed that last got 429 or 503
ALTER TABLE host ADD COLUMN turned_away_at INTEGER;

-- What documents said was not remembered before: each is read once more.
UPDATE feed SET etag = NULL, last_modified = NULL, body_hash = NULL;

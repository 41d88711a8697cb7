-- How somebody was told that a feed fails: 'alone', or 'together' with others. NULL: nobody was.
ALTER TABLE feed ADD COLUMN told TEXT CHECK (told IN ('alone', 'together'));
CREATE INDEX feed_told ON feed (told) WHERE told IS NOT NULL;

-- Whether others were told of the state of a notifier, beside the log.
ALTER TABLE notifier ADD COLUMN reported INTEGER NOT NULL DEFAULT 0;

-- How many of a kind came lately.
CREATE INDEX alert_event ON alert (event, created) WHERE event IS NOT NULL;

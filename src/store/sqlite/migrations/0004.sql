-- New articles by day (days since 1970, UTC), for the page; kept for a week.
CREATE TABLE article_day (
    feed     INTEGER NOT NULL REFERENCES feed ON DELETE CASCADE,
    day      INTEGER NOT NULL,
    articles INTEGER NOT NULL,
    PRIMARY KEY (feed, day)
) STRICT, WITHOUT ROWID;

-- What was recorded before: edits count too, as they cannot be told apart any more.
INSERT INTO article_day (feed, day, articles)
    SELECT feed, recorded / 86400000, count(*) FROM article_text JOIN article USING (article)
    WHERE recorded >= (SELECT max(recorded) FROM article_text) - 7 * 86400000 GROUP BY 1, 2;

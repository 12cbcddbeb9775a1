-- Walks one page along the primary key, from where the last page ended, and removes what is no longer needed on it: those whose windows
-- have all ended.
WITH page AS MATERIALIZED (
    SELECT key
    FROM limit_counters
    WHERE key > $1
    ORDER BY key
    LIMIT $4
),
gone AS (
    DELETE FROM limit_counters c
    USING page
    WHERE c.key = page.key AND c.hour_started_at <= $2 AND c.day_started_at <= $3 AND c.guesses_started_at <= $3
    RETURNING true AS gone
)
SELECT
    (SELECT count(*) FROM gone) AS "removed!",
    (SELECT count(*) FROM page) AS "seen!",
    (SELECT key FROM page ORDER BY key DESC LIMIT 1) AS "last?"

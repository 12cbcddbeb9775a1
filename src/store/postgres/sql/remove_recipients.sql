-- Walks one page along the primary key, from where the last page ended, and removes what is no longer needed on it.
-- A row is needed for a day after it was last written: then its windows have ended, and so have the recipient's codes.
WITH page AS MATERIALIZED (
    SELECT environment_id, recipient_key, touched_at
    FROM recipients
    WHERE (environment_id, recipient_key) > ($1::uuid, $2::text)
    ORDER BY environment_id, recipient_key
    LIMIT $4
),
gone AS (
    DELETE FROM recipients t
    USING page
    WHERE t.environment_id = page.environment_id AND t.recipient_key = page.recipient_key
        AND page.touched_at <= $3 AND t.touched_at <= $3
    RETURNING true AS gone
)
SELECT
    (SELECT count(*) FROM gone) AS "removed!",
    (SELECT count(*) FROM page) AS "seen!",
    last.environment_id AS "environment_id?",
    last.recipient_key AS "key?"
FROM (SELECT) AS answer
LEFT JOIN (
    SELECT environment_id, recipient_key FROM page ORDER BY environment_id DESC, recipient_key DESC LIMIT 1
) AS last ON true

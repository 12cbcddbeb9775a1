-- Walks one page along the primary key, from where the last page ended, and removes what is no longer needed on it.
-- A row is needed for an hour after its window began.
WITH page AS MATERIALIZED (
    SELECT environment_id, ip_key, hour_started_at
    FROM end_user_addresses
    WHERE (environment_id, ip_key) > ($1::uuid, $2::text)
    ORDER BY environment_id, ip_key
    LIMIT $4
),
gone AS (
    DELETE FROM end_user_addresses t
    USING page
    WHERE t.environment_id = page.environment_id AND t.ip_key = page.ip_key
        AND page.hour_started_at <= $3 AND t.hour_started_at <= $3
    RETURNING true AS gone
)
SELECT
    (SELECT count(*) FROM gone) AS "removed!",
    (SELECT count(*) FROM page) AS "seen!",
    last.environment_id AS "environment_id?",
    last.ip_key AS "key?"
FROM (SELECT) AS answer
LEFT JOIN (
    SELECT environment_id, ip_key FROM page ORDER BY environment_id DESC, ip_key DESC LIMIT 1
) AS last ON true

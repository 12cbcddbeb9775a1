-- Removes the notifications of a removed environment, and what was counted of it. What was counted of its recipients and of end users'
-- addresses cannot be told from that of others, and goes by itself when its windows have ended.
WITH months_gone AS (
    DELETE FROM monthly_counters WHERE environment_id = $1
    RETURNING true AS gone
),
tests_gone AS (
    DELETE FROM test_message_windows WHERE environment_id = $1
    RETURNING true AS gone
),
notifications_gone AS (
    DELETE FROM notifications n
    USING (SELECT id FROM notifications WHERE environment_id = $1 ORDER BY id LIMIT $2) AS old
    WHERE n.id = old.id
    RETURNING true AS gone
)
SELECT
    (SELECT count(*) FROM months_gone) + (SELECT count(*) FROM tests_gone) + (SELECT count(*) FROM notifications_gone)
    AS "removed!"

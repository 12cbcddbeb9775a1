-- Removes the notifications of a removed environment, and what was counted in it.
WITH recipients_gone AS (
    DELETE FROM recipients r
    USING (SELECT recipient_key FROM recipients WHERE environment_id = $1 ORDER BY recipient_key LIMIT $2) AS old
    WHERE r.environment_id = $1 AND r.recipient_key = old.recipient_key
    RETURNING true AS gone
),
addresses_gone AS (
    DELETE FROM end_user_addresses a
    USING (SELECT ip_key FROM end_user_addresses WHERE environment_id = $1 ORDER BY ip_key LIMIT $2) AS old
    WHERE a.environment_id = $1 AND a.ip_key = old.ip_key
    RETURNING true AS gone
),
months_gone AS (
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
),
notification_counters_gone AS (
    DELETE FROM notification_counters c
    USING (SELECT recipient_key FROM notification_counters WHERE environment_id = $1 ORDER BY recipient_key LIMIT $2) AS old
    WHERE c.environment_id = $1 AND c.recipient_key = old.recipient_key
    RETURNING true AS gone
)
SELECT
    (SELECT count(*) FROM recipients_gone) + (SELECT count(*) FROM addresses_gone)
    + (SELECT count(*) FROM months_gone) + (SELECT count(*) FROM tests_gone)
    + (SELECT count(*) FROM notifications_gone) + (SELECT count(*) FROM notification_counters_gone) AS "removed!"

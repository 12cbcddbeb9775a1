-- A counter is needed until its window has ended.
WITH old AS MATERIALIZED (
    SELECT environment_id, recipient_key
    FROM notification_counters
    WHERE day_started_at <= $1
    ORDER BY day_started_at
    LIMIT $2
    FOR UPDATE SKIP LOCKED
)
DELETE FROM notification_counters c
USING old
WHERE c.environment_id = old.environment_id AND c.recipient_key = old.recipient_key AND c.day_started_at <= $1

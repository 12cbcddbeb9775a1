-- Wipes what notifications say that are no longer sent, the longest expired first.
WITH expired AS MATERIALIZED (
    SELECT id
    FROM notifications
    WHERE sealed_data IS NOT NULL AND expires_at <= $1
    ORDER BY expires_at
    LIMIT $2
    FOR UPDATE SKIP LOCKED
)
UPDATE notifications n SET sealed_data = NULL
FROM expired
WHERE n.id = expired.id

-- Removes the oldest notifications, found by their ids, each after the last of its messages.
WITH old AS MATERIALIZED (
    SELECT n.id
    FROM notifications n
    WHERE n.id < $1 AND NOT EXISTS (
        SELECT FROM notification_recipients r JOIN messages m ON m.id = r.message_id WHERE r.notification_id = n.id
    )
    ORDER BY n.id
    LIMIT $2
)
DELETE FROM notifications n
USING old
WHERE n.id = old.id

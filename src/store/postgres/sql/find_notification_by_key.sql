-- The notification that a keyed request has made.
SELECT id, body_hash AS "body_hash!"
FROM notifications
WHERE key_hash = $1

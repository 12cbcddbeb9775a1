-- Records attempts after which messages are tried again, by this process or by anybody, where the lease still holds. Each gets a place in
-- the outbox for the new time.
-- Locks: messages, in the order of their keys, in which they come.
WITH requeued AS (
    UPDATE messages m SET
        attempts = m.attempts || a.attempt,
        due_at = a.due_at,
        lease_token = CASE WHEN a.keeps_lease THEN m.lease_token END,
        updated_at = a.now
    FROM unnest($1::settlement[]) a
    WHERE m.id = a.id AND m.lease_token = a.token AND m.status = 'queued'
    RETURNING m.id, m.due_at, m.channel, m.notification_id
),
entry AS (
    INSERT INTO outbox (queue, due_at, message_ids)
    SELECT CASE WHEN notification_id IS NULL THEN channel ELSE 'notification' END, due_at, ARRAY[id]
    FROM requeued
)
SELECT id FROM requeued

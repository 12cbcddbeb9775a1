-- Records attempts and what follows from them, where the lease still holds.
--
-- A message that is to be tried again, by this process or by anybody, gets a place in the outbox for the new time.
-- Locks: messages, in the order of their keys, as everything locks them.
WITH asked AS MATERIALIZED (
    SELECT *
    FROM unnest($1::settlement[])
    ORDER BY id
),
settled AS (
    UPDATE messages m SET
        status = a.status,
        rare_status = CASE WHEN a.is_rare THEN a.status END,
        provider = a.provider,
        fallback = a.fallback,
        provider_message_id = coalesce(a.provider_message_id, m.provider_message_id),
        attempts = m.attempts || a.attempt,
        due_at = a.due_at,
        lease_token = CASE WHEN a.keeps_lease THEN m.lease_token END,
        updated_at = a.now
    FROM asked a
    WHERE m.id = a.id AND m.lease_token = a.token AND m.status = 'queued'
    RETURNING m.id, m.due_at, m.channel, m.notification_id
),
entry AS (
    INSERT INTO outbox (queue, due_at, message_ids)
    SELECT CASE WHEN notification_id IS NULL THEN channel ELSE 'notification' END, due_at, ARRAY[id]
    FROM settled
    WHERE due_at IS NOT NULL
)
SELECT id FROM settled

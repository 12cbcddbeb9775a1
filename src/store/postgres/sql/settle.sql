-- Records attempts that end messages in a way that refunds nothing, where the lease still holds.
-- Locks: messages, in the order of their keys, in which they come.
UPDATE messages m SET
    status = a.status,
    rare_status = CASE WHEN a.is_rare THEN a.status END,
    provider = a.provider,
    fallback = a.fallback,
    provider_message_id = coalesce(a.provider_message_id, m.provider_message_id),
    attempts = m.attempts || a.attempt,
    due_at = NULL,
    lease_token = NULL,
    updated_at = a.now
FROM unnest($1::settlement[]) a
WHERE m.id = a.id AND m.lease_token = a.token AND m.status = 'queued'
RETURNING m.id

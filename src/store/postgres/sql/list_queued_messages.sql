-- A page of an environment's messages that wait, newest first. They are those that the outbox has entries for, which are few, whatever
-- has been sent before. Each is fetched by its key, one at a time (hence the inner limit: as a join, the planner may walk along all
-- messages in the hope of meeting one), until the page is full.
SELECT
    m.id, m.environment_id, m.application_id, m.verification_id, m.notification_id, m.channel, m.purpose, m.masked_recipient,
    m.status, m.provider, m.fallback, m.error_code, m.error_detail, m.provider_message_id, m.created_at, m.updated_at
FROM (SELECT DISTINCT unnest(message_ids) AS id FROM outbox ORDER BY id DESC) AS waiting
CROSS JOIN LATERAL (SELECT * FROM messages WHERE id = waiting.id LIMIT 1) AS m
WHERE m.environment_id = $1 AND m.status = 'queued' AND m.channel = ANY ($5::text[])
    AND waiting.id >= $2 AND waiting.id < $3 AND ($4::timestamptz IS NULL OR m.created_at >= $4)
ORDER BY waiting.id DESC
LIMIT $6

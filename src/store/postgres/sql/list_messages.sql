-- Messages of an environment, newest first. Where the caller sets no bound, the lowest and the highest id stand for it, so that
-- every page is one short walk along the index on (environment_id, id).
SELECT
    id, environment_id, application_id, verification_id, notification_id, channel, purpose, masked_recipient,
    status, provider, fallback, error_code, error_detail, provider_message_id, created_at, updated_at
FROM messages
WHERE environment_id = $1
    AND id >= $2
    AND id < $3
    AND ($4::timestamptz IS NULL OR created_at >= $4)
    AND ($5::text IS NULL OR status = $5)
    AND ($6::text IS NULL OR channel = $6)
ORDER BY id DESC
LIMIT $7

-- Messages of an environment to one recipient, newest first: one short walk along `messages_by_recipient`, written so that the planner
-- finds no other way, as in `list_messages`.
SELECT
    id, environment_id, application_id, verification_id, notification_id, channel, purpose, masked_recipient,
    status, provider, fallback, error_code, error_detail, provider_message_id, created_at, updated_at
FROM (
    SELECT *
    FROM messages m
    WHERE m.recipient_key = $2 AND m.environment_id = $1 AND uuid_send(m.id) < uuid_send($3)
    ORDER BY uuid_send(m.id) DESC
    LIMIT 101
) AS longest
ORDER BY id DESC
LIMIT $4

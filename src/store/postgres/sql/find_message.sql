-- A message with what its verification or notification adds to its timeline.
SELECT
    m.id, m.environment_id, m.application_id, m.verification_id, m.notification_id, m.channel, m.purpose, m.masked_recipient,
    m.status, m.provider, m.fallback, m.error_code, m.error_detail, m.provider_message_id, m.created_at, m.updated_at,
    m.decision, m.attempts, m.taken_over_at,
    CASE WHEN m.lease_token IS NULL THEN m.due_at END AS "due_at?",
    v.guessed_at AS "guessed_at?", v.verified_at AS "verified_at?", v.canceled_at AS "canceled_at?",
    coalesce(v.expires_at, n.expires_at) AS "expires_at!"
FROM messages m
LEFT JOIN verifications v ON v.id = m.verification_id
LEFT JOIN notifications n ON n.id = m.notification_id
WHERE m.id = $1 AND m.environment_id = $2 AND coalesce(v.id, n.id) IS NOT NULL

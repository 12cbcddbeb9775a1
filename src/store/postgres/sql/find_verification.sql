-- A verification with its newest message.
SELECT
    v.id, v.environment_id, v.application_id, v.connection_id, v.purpose, v.channel, v.recipient_key, v.sealed_recipient,
    v.masked_recipient, v.locale,
    v.sealed_code,
    v.max_guesses, v.wrong_guesses, v.max_sends, v.sends,
    v.created_at, v.expires_at, v.resend_at, v.verified_at, v.canceled_at,
    v.message_id,
    m.status AS "status?", m.provider AS "provider?", m.fallback AS "fallback?",
    m.error_code AS "error_code?", m.error_detail AS "error_detail?"
FROM verifications v
LEFT JOIN messages m ON m.id = v.message_id
WHERE v.id = $1 AND v.application_id = $2

-- Ends a verification for its caller, unless it has ended by itself; the answer shows it as it was before. What is `unreadable`, as in `check`, stays as it was.
WITH target AS MATERIALIZED (
    SELECT *
    FROM verifications
    WHERE id = $1 AND application_id = $2
    FOR UPDATE
),
message AS MATERIALIZED (
    SELECT m.status, m.provider, m.fallback, m.error_code, m.error_detail
    FROM target t
    JOIN messages m ON m.id = t.message_id
),
decision AS MATERIALIZED (
    SELECT
        target.*,
        purpose <> ALL ($4::text[]) OR channel <> ALL ($5::text[])
            OR least(max_guesses, wrong_guesses, max_sends, sends) < 0
            OR greatest(max_guesses, wrong_guesses, max_sends, sends) > 255
            OR coalesce(m.status <> ALL ($6::text[]) OR m.provider <> ALL ($7::text[]) OR m.error_code <> ALL ($8::text[]), false)
            AS unreadable,
        verified_at IS NULL AND canceled_at IS NULL AND expires_at > $3::timestamptz AS open
    FROM target
    LEFT JOIN message m ON true
),
canceled AS (
    UPDATE verifications v SET canceled_at = $3, sealed_code = NULL
    FROM decision
    WHERE v.id = decision.id AND decision.open AND NOT decision.unreadable
)
SELECT
    d.unreadable AS "unreadable!",
    d.id, d.environment_id, d.application_id, d.connection_id, d.purpose, d.channel, d.recipient_key, d.sealed_recipient,
    d.masked_recipient, d.locale,
    NULL::bytea AS sealed_code,
    d.max_guesses, d.wrong_guesses, d.max_sends, d.sends,
    d.created_at, d.expires_at, d.resend_at, d.verified_at,
    d.canceled_at,
    d.message_id,
    m.status AS "status?", m.provider AS "provider?", m.fallback AS "fallback?",
    m.error_code AS "error_code?", m.error_detail AS "error_detail?"
FROM decision d
LEFT JOIN message m ON true

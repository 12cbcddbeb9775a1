-- Takes messages with a code, of one channel, that are due under a new lease. Rows that another process is taking at this moment are
-- skipped. One that somebody held is marked: its provider may have it already. The join below sees messages as they were
-- before that. What the caller cannot read it puts back (`put_back`).
WITH due AS MATERIALIZED (
    SELECT o.message_id, o.due_at, o.lease_token
    FROM outbox o
    WHERE o.queue = $5 AND o.due_at <= $1
    ORDER BY o.due_at
    LIMIT $4
    FOR UPDATE SKIP LOCKED
),
taken AS (
    UPDATE outbox o SET due_at = $3, lease_token = $2
    FROM due
    WHERE o.message_id = due.message_id
    RETURNING o.message_id, o.attempts, due.due_at, due.lease_token
),
marked AS (
    UPDATE messages SET taken_over_at = $1
    FROM due
    WHERE messages.id = due.message_id AND due.lease_token IS NOT NULL AND messages.taken_over_at IS NULL
)
SELECT
    taken.message_id AS claimed_id,
    taken.attempts,
    taken.lease_token AS "former_token?",
    claimed.taken_over_at IS NOT NULL AS "taken_over_before!",
    claimed.quota_month IS NOT NULL AS "holds_quota!",
    v.id, v.environment_id, v.application_id, v.connection_id, v.purpose, v.channel, v.recipient, v.masked_recipient, v.locale,
    v.sealed_code,
    v.max_guesses, v.wrong_guesses, v.max_sends, v.sends,
    v.created_at, v.expires_at, v.resend_at, v.verified_at, v.canceled_at,
    v.message_id,
    m.status AS "status?", m.provider AS "provider?", m.fallback AS "fallback?",
    m.error_code AS "error_code?", m.error_detail AS "error_detail?"
FROM taken
JOIN messages claimed ON claimed.id = taken.message_id
JOIN verifications v ON v.id = claimed.verification_id
LEFT JOIN messages m ON m.id = v.message_id
ORDER BY taken.due_at

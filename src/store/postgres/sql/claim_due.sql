-- Takes what is due of a queue: the entries of the outbox go, and of their messages those that still wait and are due are taken under a
-- new lease, oldest first, up to a number. Entries that another process is taking at this moment are skipped. What is taken, and
-- what was beyond that number, gets a new entry; nothing else needs one: a message that is due later has its own.
--
-- A message that somebody held is marked: its provider may have it already. The answer shows the message as it was before that. What the
-- caller cannot read it puts back (`put_back`). Locks: outbox, messages, each in the order of their keys.
WITH due AS MATERIALIZED (
    SELECT id, due_at, message_ids
    FROM outbox
    WHERE queue = $1 AND due_at <= $2
    ORDER BY due_at, id
    LIMIT $6
    FOR UPDATE SKIP LOCKED
),
gone AS (
    DELETE FROM outbox o
    USING due
    WHERE o.queue = $1 AND o.due_at = due.due_at AND o.id = due.id
),
waiting AS MATERIALIZED (
    SELECT m.*
    FROM (SELECT DISTINCT unnest(message_ids) AS id FROM due ORDER BY 1) AS member
    JOIN messages m ON m.id = member.id
    WHERE m.status = 'queued' AND m.due_at <= $2
    ORDER BY m.id
    FOR UPDATE OF m
),
chosen AS MATERIALIZED (
    SELECT * FROM waiting ORDER BY due_at, id LIMIT $5
),
taken AS (
    UPDATE messages m SET
        lease_token = $3,
        due_at = $4,
        taken_over_at = CASE WHEN m.lease_token IS NULL THEN m.taken_over_at ELSE coalesce(m.taken_over_at, $2) END
    FROM chosen
    WHERE m.id = chosen.id
),
entry AS (
    INSERT INTO outbox (queue, due_at, message_ids)
    SELECT $1, $4, array_agg(id) FROM chosen HAVING count(*) > 0
    UNION ALL
    SELECT $1, max(due_at), array_agg(id) FROM waiting WHERE id NOT IN (SELECT id FROM chosen) HAVING count(*) > 0
)
SELECT
    (SELECT count(*) FROM due) AS "entries!",
    c.id AS "claimed_id?",
    c.attempts AS "attempts?",
    c.lease_token AS "former_token?",
    c.taken_over_at IS NOT NULL AS "taken_over_before!",
    c.quota_month IS NOT NULL AS "holds_quota!",
    v.id AS "id?", v.environment_id AS "environment_id?", v.application_id AS "application_id?",
    v.connection_id AS "connection_id?", v.purpose AS "purpose?", v.channel AS "channel?",
    v.recipient_key AS "recipient_key?", v.sealed_recipient AS "sealed_recipient?", v.masked_recipient AS "masked_recipient?",
    v.locale AS "locale?", v.sealed_code AS "sealed_code?",
    v.max_guesses AS "max_guesses?", v.wrong_guesses AS "wrong_guesses?", v.max_sends AS "max_sends?", v.sends AS "sends?",
    v.created_at AS "created_at?", v.expires_at AS "expires_at?", v.resend_at AS "resend_at?",
    v.verified_at AS "verified_at?", v.canceled_at AS "canceled_at?",
    v.message_id AS "message_id?",
    m.status AS "status?", m.provider AS "provider?", m.fallback AS "fallback?",
    m.error_code AS "error_code?", m.error_detail AS "error_detail?",
    n.id AS "notification_id?", n.environment_id AS "notification_environment_id?", n.event AS "event?",
    n.locale AS "notification_locale?", n.sealed_data AS "sealed_data?", n.expires_at AS "notification_expires_at?",
    r.number AS "recipient_number?", r.sealed_recipient AS "notified_recipient?"
FROM (SELECT) AS answer
LEFT JOIN chosen c ON true
LEFT JOIN verifications v ON v.id = c.verification_id
LEFT JOIN messages m ON m.id = v.message_id
LEFT JOIN notifications n ON n.id = c.notification_id
LEFT JOIN notification_recipients r ON r.notification_id = n.id AND r.message_id = c.id
ORDER BY c.due_at, c.id

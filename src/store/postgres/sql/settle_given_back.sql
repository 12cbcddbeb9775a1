-- Records that the message was definitely not accepted, if the lease still holds, and gives back what it had taken: the wait
-- until the next send, the places in the recipient's limits and in the quota. The end user's address gets nothing back.
--
-- A window gives a place back only if it is the one that counted the message, so if it began no later than the message.
-- Locks: outbox, message, verification, recipient, monthly counter. Each reads from the one before it. A notification's
-- message has none of the last three, but a counter of its own.
WITH gone AS (
    DELETE FROM outbox
    WHERE message_id = $1 AND lease_token = $2
    RETURNING message_id, attempts
),
message AS MATERIALIZED (
    SELECT m.id, m.environment_id, m.verification_id, m.notification_id, m.quota_month, m.created_at
    FROM gone
    JOIN messages m ON m.id = gone.message_id
    FOR UPDATE OF m
),
settled AS (
    UPDATE messages SET status = $3, error_code = $4, error_detail = $5, quota_month = NULL, updated_at = $6
    FROM message
    WHERE messages.id = message.id
),
attempt AS (
    INSERT INTO attempts (
        message_id, number, id, provider, outcome, provider_code, detail, provider_message_id, started_at, finished_at
    )
    SELECT
        message_id, attempts + 1, $7, $8::text, $9::text, $10::text, $11::text, $12::text, $13::timestamptz, $14::timestamptz
    FROM gone
    WHERE $7::uuid IS NOT NULL
),
verification AS (
    UPDATE verifications v SET
        resend_at = CASE
            WHEN v.message_id = message.id AND v.verified_at IS NULL AND v.canceled_at IS NULL
                AND v.wrong_guesses < v.max_guesses AND v.expires_at > $6
            THEN least(v.resend_at, $6)
            ELSE v.resend_at
        END
    FROM message
    WHERE v.id = message.verification_id
    RETURNING v.environment_id, v.recipient_key, message.created_at AS counted_at
),
recipient AS (
    UPDATE recipients r SET
        hour_sends = CASE WHEN r.hour_started_at <= counted_at THEN greatest(r.hour_sends - 1, 0) ELSE r.hour_sends END,
        day_sends = CASE WHEN r.day_started_at <= counted_at THEN greatest(r.day_sends - 1, 0) ELSE r.day_sends END
    FROM verification v
    WHERE r.environment_id = v.environment_id AND r.recipient_key = v.recipient_key
    RETURNING true AS given_back
),
notified AS (
    UPDATE notification_counters c SET day_sends = greatest(c.day_sends - 1, 0)
    FROM message
    JOIN notification_recipients r ON r.notification_id = message.notification_id AND r.message_id = message.id
    WHERE c.environment_id = message.environment_id AND c.recipient_key = r.recipient_key
        AND c.day_started_at <= message.created_at
),
quota AS (
    UPDATE monthly_counters c SET used = greatest(c.used - 1, 0)
    FROM message, (SELECT count(*) AS given_back FROM recipient) AS before
    WHERE before.given_back >= 0
        AND c.environment_id = message.environment_id AND c.counter = 'test_quota' AND c.month = message.quota_month
)
SELECT EXISTS (SELECT FROM gone) AS "held!"

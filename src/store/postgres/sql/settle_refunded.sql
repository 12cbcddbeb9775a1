-- Records that messages were definitely not accepted, where the lease still holds, and refunds what they had taken: the wait until the
-- next send, the places in the recipient's limits and in the quota. The end user's address gets nothing back.
--
-- A window gives a place back only if it is the one that counted the message, so if it began no later than the message. Two messages
-- to one recipient cannot be refunded by one statement: the last line fails on purpose, and the caller settles each by itself.
-- Locks: messages, verifications, recipients, monthly counters, each in the order of their keys.
WITH asked AS MATERIALIZED (
    SELECT *
    FROM unnest($1::settlement[])
),
-- As they were before, because what is refunded goes from their rows.
held AS MATERIALIZED (
    SELECT a.*, m.environment_id, m.verification_id, m.notification_id, m.quota_month, m.created_at, m.recipient_key
    FROM asked a
    JOIN messages m ON m.id = a.id AND m.lease_token = a.token AND m.status = 'queued'
    ORDER BY m.id
    FOR UPDATE OF m
),
settled AS (
    UPDATE messages m SET
        status = h.status,
        rare_status = h.status,
        error_code = h.error_code,
        error_detail = h.error_detail,
        attempts = m.attempts || h.attempt,
        quota_month = NULL,
        due_at = NULL,
        lease_token = NULL,
        updated_at = h.now
    FROM held h
    WHERE m.id = h.id
),
verification AS (
    UPDATE verifications v SET resend_at = least(v.resend_at, h.now)
    FROM (SELECT * FROM held WHERE verification_id IS NOT NULL ORDER BY verification_id) h
    WHERE v.id = h.verification_id AND v.message_id = h.id AND v.verified_at IS NULL AND v.canceled_at IS NULL
        AND v.wrong_guesses < v.max_guesses AND v.expires_at > h.now
    RETURNING true AS sendable
),
counted AS MATERIALIZED (
    SELECT coalesce(n.limit_key, h.recipient_key) AS key, h.created_at
    FROM held h
    LEFT JOIN notification_recipients n ON n.notification_id = h.notification_id AND n.message_id = h.id
    ORDER BY 1
),
recipients AS (
    UPDATE limit_counters r SET
        hour_sends = CASE WHEN r.hour_started_at <= c.created_at THEN greatest(r.hour_sends - 1, 0) ELSE r.hour_sends END,
        day_sends = CASE WHEN r.day_started_at <= c.created_at THEN greatest(r.day_sends - 1, 0) ELSE r.day_sends END
    FROM (SELECT counted.* FROM counted, (SELECT count(*) AS sendable FROM verification) AS before WHERE before.sendable >= 0) c
    WHERE r.key = c.key
    RETURNING true AS refunded
),
quotas AS (
    UPDATE monthly_counters c SET used = greatest(c.used - q.refunded, 0)
    FROM (
        SELECT environment_id, quota_month, count(*) AS refunded
        FROM held, (SELECT count(*) AS refunded FROM recipients) AS before
        WHERE quota_month IS NOT NULL AND before.refunded >= 0
        GROUP BY environment_id, quota_month
        ORDER BY environment_id, quota_month
    ) q
    WHERE c.environment_id = q.environment_id AND c.counter = 'test_quota' AND c.month = q.quota_month
)
SELECT
    id AS "id!",
    CASE WHEN (SELECT count(*) > count(DISTINCT key) FROM counted)
        THEN 'otpost: a limit was reached at this very moment, the statement runs again' END::integer AS lost_race
FROM held

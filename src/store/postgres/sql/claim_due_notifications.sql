-- Takes messages of notifications that are due under a new lease, as `claim_due` takes those with a code.
WITH due AS MATERIALIZED (
    SELECT o.message_id, o.due_at, o.lease_token
    FROM outbox o
    WHERE o.queue = 'notification' AND o.due_at <= $1
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
    taken.message_id AS "message_id!",
    taken.attempts,
    taken.lease_token AS "former_token?",
    m.taken_over_at IS NOT NULL AS "taken_over_before!",
    n.id AS "notification_id!", n.environment_id, n.event, n.locale, n.sealed_data, n.expires_at,
    r.recipient
FROM taken
JOIN messages m ON m.id = taken.message_id
JOIN notifications n ON n.id = m.notification_id
JOIN notification_recipients r ON r.notification_id = n.id AND r.message_id = m.id
ORDER BY taken.due_at

-- Removes messages of a removed environment with their attempts and verifications.
--
-- Locks: outbox, message, verification. Each reads from the one before it.
WITH old AS MATERIALIZED (
    SELECT id, verification_id
    FROM messages
    WHERE environment_id = $1
    LIMIT $2
),
entries AS (
    DELETE FROM outbox USING old WHERE outbox.message_id = old.id
    RETURNING true AS gone
),
gone AS (
    DELETE FROM messages m
    USING old, (SELECT count(*) AS gone FROM entries) AS before
    WHERE m.id = old.id AND before.gone >= 0
    RETURNING m.id, m.verification_id
),
attempts_gone AS (
    DELETE FROM attempts a USING gone WHERE a.message_id = gone.id
    RETURNING true AS gone
),
verifications_gone AS (
    DELETE FROM verifications v USING gone WHERE v.id = gone.verification_id
    RETURNING true AS gone
)
SELECT
    (SELECT count(*) FROM gone) + (SELECT count(*) FROM attempts_gone) + (SELECT count(*) FROM verifications_gone) AS "removed!"

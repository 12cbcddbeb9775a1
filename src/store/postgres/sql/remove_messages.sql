-- Removes the oldest messages, found by their ids, with the verifications whose newest message they were: a verification goes with its
-- last message, all within a day of each other.
--
-- Locks: messages, verifications. The second reads from the first.
WITH old AS MATERIALIZED (
    SELECT id
    FROM messages
    WHERE id < $1 AND created_at < $2
    ORDER BY id
    LIMIT $3
),
gone AS (
    DELETE FROM messages m
    USING old
    WHERE m.id = old.id
    RETURNING m.id, m.verification_id
),
verifications_gone AS (
    DELETE FROM verifications v
    USING (SELECT * FROM gone ORDER BY verification_id) AS gone
    WHERE v.id = gone.verification_id AND v.message_id = gone.id
    RETURNING true AS gone
)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM verifications_gone) AS "removed!"

-- Removes messages of a removed environment with their verifications.
--
-- Locks: messages, verifications. The second reads from the first.
WITH old AS MATERIALIZED (
    SELECT id
    FROM messages
    WHERE environment_id = $1
    LIMIT $2
),
gone AS (
    DELETE FROM messages m
    USING (SELECT id FROM old ORDER BY id) AS old
    WHERE m.id = old.id
    RETURNING m.id, m.verification_id
),
verifications_gone AS (
    DELETE FROM verifications v
    USING (SELECT * FROM gone ORDER BY verification_id) AS gone
    WHERE v.id = gone.verification_id
    RETURNING true AS gone
)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM verifications_gone) AS "removed!"

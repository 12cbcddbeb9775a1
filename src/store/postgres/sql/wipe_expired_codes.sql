-- Wipes the sealed codes of verifications that have expired, the longest dead first. An entry may name one that is not there, or that
-- was made before under the same Idempotency-Key and has an entry of its own.
WITH due AS MATERIALIZED (
    SELECT due_at, id, verification_ids
    FROM expiries
    WHERE due_at <= $1
    ORDER BY due_at, id
    LIMIT $2
    FOR UPDATE SKIP LOCKED
),
gone AS (
    DELETE FROM expiries e
    USING due
    WHERE e.due_at = due.due_at AND e.id = due.id
),
wiped AS (
    UPDATE verifications v SET sealed_code = NULL
    FROM (SELECT unnest(verification_ids) AS id FROM due ORDER BY 1) AS dead
    WHERE v.id = dead.id AND v.expires_at <= $1 AND v.sealed_code IS NOT NULL
    RETURNING true AS wiped
)
SELECT (SELECT count(*) FROM due) + (SELECT count(*) FROM wiped) AS "touched!"

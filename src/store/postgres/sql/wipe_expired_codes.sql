-- Wipes the sealed codes of verifications that have expired, the longest dead first.
WITH expired AS MATERIALIZED (
    SELECT id
    FROM verifications
    WHERE sealed_code IS NOT NULL AND expires_at <= $1
    ORDER BY expires_at
    LIMIT $2
    FOR UPDATE SKIP LOCKED
)
UPDATE verifications v SET sealed_code = NULL
FROM expired
WHERE v.id = expired.id

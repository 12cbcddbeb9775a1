-- Takes an idempotency key, or tells what is known of it.
--
-- A key is taken where there is none, where it has ended, and where its holder died before it answered the same request.
-- No row comes back when somebody else wrote it after the statement's snapshot: the caller runs the statement again.
WITH claimed AS (
    INSERT INTO idempotency_keys AS k (
        application_id, key_hash, fingerprint, resource_id, owner, busy_until, expires_at
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (application_id, key_hash) DO UPDATE SET
        fingerprint = excluded.fingerprint,
        resource_id = CASE WHEN k.expires_at <= $8 THEN excluded.resource_id ELSE k.resource_id END,
        owner = excluded.owner,
        busy_until = excluded.busy_until,
        status = NULL,
        location = NULL,
        body = NULL,
        expires_at = CASE WHEN k.expires_at <= $8 THEN excluded.expires_at ELSE k.expires_at END
    WHERE k.expires_at <= $8
        OR (k.fingerprint = excluded.fingerprint AND k.status IS NULL AND k.busy_until <= $8)
    RETURNING k.fingerprint, k.resource_id
)
SELECT
    true AS "claimed!", resource_id AS "resource_id!", fingerprint AS "fingerprint!",
    NULL::smallint AS status, NULL::text AS location, NULL::text AS body
FROM claimed
UNION ALL
SELECT false, resource_id, fingerprint, status, location, body
FROM idempotency_keys
WHERE application_id = $1 AND key_hash = $2 AND NOT EXISTS (SELECT FROM claimed)

WITH old AS MATERIALIZED (
    SELECT application_id, key_hash
    FROM idempotency_keys
    WHERE expires_at <= $1
    ORDER BY expires_at
    LIMIT $2
    FOR UPDATE SKIP LOCKED
)
DELETE FROM idempotency_keys k
USING old
WHERE k.application_id = old.application_id AND k.key_hash = old.key_hash

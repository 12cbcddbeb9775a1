-- The order keeps two processes that touch the same keys from waiting for each other.
WITH used AS MATERIALIZED (
    SELECT id FROM api_keys WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE
)
UPDATE api_keys k SET last_used_at = greatest(k.last_used_at, $2)
FROM used
WHERE k.id = used.id

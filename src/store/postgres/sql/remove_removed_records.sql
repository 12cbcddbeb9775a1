-- Records that were removed long enough ago, and when keys were used of which there is no record any more.
WITH old AS MATERIALIZED (
    SELECT kind, id FROM records WHERE document IS NULL AND written_at < $1 ORDER BY written_at LIMIT $2
),
uses AS (
    DELETE FROM key_uses k USING old WHERE old.kind = 'key' AND k.key_id = old.id
)
DELETE FROM records r USING old WHERE r.kind = old.kind AND r.id = old.id

-- The order keeps two processes that touch the same keys from waiting for each other.
INSERT INTO key_uses AS k (key_id, last_used_at)
SELECT key_id, $2 FROM unnest($1::uuid[]) AS key_id ORDER BY key_id
ON CONFLICT (key_id) DO UPDATE SET last_used_at = greatest(k.last_used_at, excluded.last_used_at)

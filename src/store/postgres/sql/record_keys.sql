-- Records the keys in use. Where nothing was made with those before, they are forgotten.
WITH given AS MATERIALIZED (
    SELECT key_id, fingerprint
    FROM unnest($1::integer[], $2::bytea[]) AS g (key_id, fingerprint)
),
forgotten AS (
    DELETE FROM key_generations WHERE $5 AND key_id <> ALL ($1)
),
recorded AS (
    INSERT INTO key_generations AS k (key_id, fingerprint, first_seen_at)
    SELECT key_id, fingerprint, $4::timestamptz
    FROM given
    ON CONFLICT (key_id) DO UPDATE SET fingerprint = excluded.fingerprint, first_seen_at = excluded.first_seen_at
    WHERE k.fingerprint <> excluded.fingerprint
)
UPDATE installation SET index_fingerprint = $3 WHERE id = 1 AND index_fingerprint IS DISTINCT FROM $3

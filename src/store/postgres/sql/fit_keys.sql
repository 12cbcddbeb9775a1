-- Records the generations in use, unless the database holds content and knows none of them.
WITH given AS MATERIALIZED (
    SELECT key_id, fingerprint
    FROM unnest($1::integer[], $2::bytea[]) AS g (key_id, fingerprint)
),
verdict AS MATERIALIZED (
    SELECT
        EXISTS (SELECT FROM key_generations k JOIN given USING (key_id, fingerprint)) AS known,
        NOT EXISTS (SELECT FROM verifications) AND NOT EXISTS (SELECT FROM settings) AS nothing_held
),
forgotten AS (
    DELETE FROM key_generations k
    USING verdict
    WHERE NOT verdict.known AND verdict.nothing_held AND k.key_id NOT IN (SELECT key_id FROM given)
),
recorded AS (
    INSERT INTO key_generations AS k (key_id, fingerprint, first_seen_at)
    SELECT given.key_id, given.fingerprint, $3::timestamptz
    FROM given, verdict
    WHERE verdict.known OR verdict.nothing_held OR NOT EXISTS (SELECT FROM key_generations)
    ON CONFLICT (key_id) DO UPDATE SET fingerprint = excluded.fingerprint, first_seen_at = excluded.first_seen_at
    WHERE k.fingerprint <> excluded.fingerprint
)
SELECT known OR nothing_held OR NOT EXISTS (SELECT FROM key_generations) AS "fits!"
FROM verdict

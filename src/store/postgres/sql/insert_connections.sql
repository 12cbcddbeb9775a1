INSERT INTO connections (id, environment_id, strategy, name, created_at)
SELECT id, environment_id, strategy, name, $5::timestamptz
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) AS new (id, environment_id, strategy, name)

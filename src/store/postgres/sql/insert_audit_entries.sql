INSERT INTO audit_entries (id, environment_id, key_id, key_name, action, target, changes, remote_address, at)
SELECT id, environment_id, key_id, key_name, action, target, changes::jsonb, remote_address, at
FROM unnest(
    $1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::timestamptz[]
) AS e (id, environment_id, key_id, key_name, action, target, changes, remote_address, at)

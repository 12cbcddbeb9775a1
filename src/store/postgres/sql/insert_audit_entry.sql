INSERT INTO audit_entries (id, environment_id, key_id, action, target, changes, remote_address, at)
VALUES ($1, $2, $3, $4, $5, $6::text::jsonb, $7, $8)

SELECT id, application_id, name, prefix, last_four, hash, created_at
FROM api_keys
WHERE revoked_at IS NULL
ORDER BY created_at, id

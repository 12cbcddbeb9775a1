SELECT id, application_id, name, prefix, last_four, hash, created_at, last_used_at
FROM api_keys
WHERE application_id IS NOT DISTINCT FROM $1::uuid AND revoked_at IS NULL
ORDER BY id

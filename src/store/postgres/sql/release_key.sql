DELETE FROM idempotency_keys
WHERE application_id = $1 AND key_hash = $2 AND owner = $3

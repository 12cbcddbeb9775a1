UPDATE idempotency_keys SET status = $4, location = $5, body = $6
WHERE application_id = $1 AND key_hash = $2 AND owner = $3

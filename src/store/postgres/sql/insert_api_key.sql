INSERT INTO api_keys (id, application_id, name, prefix, last_four, hash, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)

UPDATE api_keys SET revoked_at = $2 WHERE id = $1

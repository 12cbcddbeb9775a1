SELECT key_id, last_used_at FROM key_uses WHERE key_id = ANY ($1::uuid[])

DELETE FROM key_generations WHERE key_id = ANY ($1::integer[])

SELECT id, environment_id, strategy, name FROM connections ORDER BY environment_id, created_at, strategy

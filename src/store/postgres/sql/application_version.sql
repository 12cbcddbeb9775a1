SELECT version FROM applications WHERE id = $1 AND environment_id = $2

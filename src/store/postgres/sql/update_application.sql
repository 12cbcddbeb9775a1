UPDATE applications SET name = $3, autofill_domain = $4, updated_at = $5, version = version + 1
WHERE id = $1 AND environment_id = $2 AND ($6::bigint IS NULL OR version = $6)
RETURNING version

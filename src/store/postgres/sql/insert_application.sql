INSERT INTO applications (id, environment_id, name, autofill_domain, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6)

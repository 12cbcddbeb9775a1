-- A record, and with an environment all of its records.
UPDATE records
SET document = NULL, unique_name = NULL, revision = $3, written_at = $4
WHERE document IS NOT NULL
    AND ((kind = $1 AND id = $2) OR ($1 = 'environment' AND environment_id = $2))

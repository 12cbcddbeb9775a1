-- The order in which their use is recorded, so that neither waits for the other.
SELECT id
FROM api_keys
WHERE application_id IN (SELECT id FROM applications WHERE environment_id = $1 OR id = $1)
ORDER BY id
FOR UPDATE

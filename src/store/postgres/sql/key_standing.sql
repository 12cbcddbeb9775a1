-- Whether the key is there, and how many of its owner there are.
SELECT count(*) AS "keys!", coalesce(bool_or(id = $1), false) AS "there!"
FROM api_keys
WHERE application_id IS NOT DISTINCT FROM $2::uuid AND revoked_at IS NULL

-- The keyed requests that a verification stands for.
SELECT body_hash, keyed_resends
FROM verifications
WHERE id = $1 AND application_id = $2

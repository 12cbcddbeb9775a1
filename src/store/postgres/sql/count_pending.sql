-- A pending verification has its sealed code, and only those that have one are in the index on `expires_at`.
SELECT count(*) AS "pending!"
FROM verifications
WHERE sealed_code IS NOT NULL
    AND expires_at > $2
    AND environment_id = $1
    AND verified_at IS NULL
    AND canceled_at IS NULL
    AND wrong_guesses < max_guesses

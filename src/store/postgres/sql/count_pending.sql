-- What is pending stands among what has yet to expire.
SELECT count(*) AS "pending!"
FROM expiries e
CROSS JOIN unnest(e.verification_ids) AS member (id)
JOIN verifications v ON v.id = member.id
WHERE e.due_at > $2
    AND v.expires_at > $2
    AND v.environment_id = $1
    AND v.verified_at IS NULL
    AND v.canceled_at IS NULL
    AND v.wrong_guesses < v.max_guesses

-- Ends what is pending in an environment, or of an application, that is removed. It stands among what has yet to expire.
UPDATE verifications v SET
    sealed_code = NULL,
    canceled_at = CASE WHEN v.expires_at > $2::timestamptz THEN $2 END
FROM (SELECT unnest(verification_ids) AS id FROM expiries ORDER BY 1) AS member
WHERE v.id = member.id AND v.sealed_code IS NOT NULL AND (v.environment_id = $1 OR v.application_id = $1)

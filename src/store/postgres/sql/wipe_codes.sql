-- Ends what is pending in an environment, or of an application, that is removed. Only verifications that have their sealed
-- code are in the index that is walked.
UPDATE verifications SET
    sealed_code = NULL,
    canceled_at = CASE WHEN expires_at > $2::timestamptz THEN $2 END
WHERE sealed_code IS NOT NULL AND (environment_id = $1 OR application_id = $1)

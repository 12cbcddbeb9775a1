-- What tells which generations of keys are needed: of codes that live, which have their sealed copy, and the first bytes of
-- what is sealed.
SELECT DISTINCT code_key_id AS "code_key_id?", substring(sealed_code FROM 1 FOR 5) AS "header?"
FROM verifications
WHERE sealed_code IS NOT NULL
UNION
SELECT NULL, substring(sealed_data FROM 1 FOR 5)
FROM notifications
WHERE sealed_data IS NOT NULL

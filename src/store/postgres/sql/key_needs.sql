-- What tells which generations of keys are needed: of codes that live, which stand among what has yet to expire; and the first bytes of
-- what is sealed. Of recipients, which are kept far longer, only those of the oldest messages are looked at: what is newer was
-- sealed under the same generation or a newer one.
SELECT DISTINCT v.code_key_id AS "code_key_id?", substring(v.sealed_code FROM 1 FOR 5) AS "header?", NULL::bytea AS "oldest_recipient?"
FROM expiries e
CROSS JOIN unnest(e.verification_ids) AS member (id)
JOIN verifications v ON v.id = member.id
WHERE v.sealed_code IS NOT NULL
UNION
SELECT NULL, substring(sealed_data FROM 1 FOR 5), NULL
FROM notifications
WHERE sealed_data IS NOT NULL
UNION
SELECT NULL, NULL, substring(v.sealed_recipient FROM 1 FOR 5)
FROM (SELECT verification_id FROM messages ORDER BY id LIMIT 100) AS oldest
JOIN verifications v ON v.id = oldest.verification_id
UNION
SELECT NULL, NULL, substring(r.sealed_recipient FROM 1 FOR 5)
FROM (SELECT id FROM notifications ORDER BY id LIMIT 100) AS oldest
JOIN notification_recipients r ON r.notification_id = oldest.id

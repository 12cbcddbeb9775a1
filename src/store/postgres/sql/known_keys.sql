-- What is known of the keys that the database was written with. Without generations one row, its generation null.
SELECT
    i.index_fingerprint,
    EXISTS (SELECT FROM records)
        OR EXISTS (SELECT FROM verifications)
        OR EXISTS (SELECT FROM notifications) AS "content!",
    k.key_id AS "key_id?",
    k.fingerprint AS "fingerprint?"
FROM installation i
LEFT JOIN key_generations k ON true
WHERE i.id = 1

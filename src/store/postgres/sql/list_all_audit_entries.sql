-- Entries of the whole installation's audit log, newest first: one short walk along the primary key, as in `list_messages`.
SELECT id, environment_id, key_id, key_name, action, target, changes::text AS "changes!", remote_address, at
FROM (SELECT * FROM audit_entries a WHERE a.id < $1 ORDER BY a.id DESC LIMIT 101) AS longest
ORDER BY id DESC
LIMIT $2

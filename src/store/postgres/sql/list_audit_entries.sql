-- Entries of an environment's audit log, newest first: one short walk along `audit_entries_by_environment`, written so that the planner
-- finds no other way, as in `list_messages`.
SELECT id, environment_id, key_id, key_name, action, target, changes::text AS "changes!", remote_address, at
FROM (
    SELECT *
    FROM audit_entries a
    WHERE a.environment_id = $1 AND uuid_send(a.id) < uuid_send($2)
    ORDER BY uuid_send(a.id) DESC
    LIMIT 101
) AS longest
ORDER BY id DESC
LIMIT $3

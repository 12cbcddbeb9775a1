-- Of an environment and its applications, or of one application.
INSERT INTO removals (owner_id, removed_at, due_at)
SELECT owner_id, $2::timestamptz, $2
FROM (
    SELECT $1::uuid AS owner_id UNION SELECT id FROM records WHERE kind = 'application' AND environment_id = $1
) AS owners
ON CONFLICT (owner_id) DO NOTHING

-- One process at a time clears away what one removal has left.
SELECT owner_id, removed_at
FROM removals
WHERE due_at <= $1
ORDER BY due_at, owner_id
LIMIT 1
FOR UPDATE SKIP LOCKED

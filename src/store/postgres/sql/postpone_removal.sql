UPDATE removals SET due_at = $2 WHERE owner_id = $1

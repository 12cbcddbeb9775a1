DELETE FROM removals WHERE owner_id = $1

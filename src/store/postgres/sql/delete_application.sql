DELETE FROM applications WHERE id = $1

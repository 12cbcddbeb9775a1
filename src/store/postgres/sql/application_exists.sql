SELECT EXISTS (SELECT FROM applications WHERE id = $1 AND environment_id = $2) AS "there!"

SELECT EXISTS (SELECT FROM applications WHERE id = $1) AS "there!"

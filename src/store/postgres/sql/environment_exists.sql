SELECT EXISTS (SELECT FROM environments WHERE id = $1) AS "there!"

SELECT EXISTS (SELECT FROM environments) AS "founded!"

SELECT version, (SELECT count(*) FROM environments) AS "environments!"
FROM environments
WHERE id = $1

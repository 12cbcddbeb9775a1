-- Whether both are of one environment, and whether the one is on for the other.
SELECT EXISTS (
    SELECT FROM application_connections WHERE application_id = $1 AND connection_id = $2
) AS "on!"
FROM applications a
JOIN connections c ON c.environment_id = a.environment_id
WHERE a.id = $1 AND c.id = $2

SELECT
    a.id, a.environment_id, a.name, a.autofill_domain, a.version, a.created_at, a.updated_at,
    ARRAY(
        SELECT ac.connection_id
        FROM application_connections ac
        WHERE ac.application_id = a.id
        ORDER BY ac.connection_id
    ) AS "connections!"
FROM applications a
ORDER BY a.created_at, a.id

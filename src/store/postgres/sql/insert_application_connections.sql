INSERT INTO application_connections (application_id, connection_id)
SELECT $1, connection_id FROM unnest($2::uuid[]) AS new (connection_id)

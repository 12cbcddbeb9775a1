INSERT INTO application_connections (application_id, connection_id) VALUES ($1, $2)

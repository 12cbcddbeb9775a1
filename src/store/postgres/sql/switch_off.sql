DELETE FROM application_connections WHERE application_id = $1 AND connection_id = $2

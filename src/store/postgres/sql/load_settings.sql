SELECT environment_id, kind, document::text AS "document!", version, updated_at FROM settings

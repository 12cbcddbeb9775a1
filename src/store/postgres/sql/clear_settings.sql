-- The version rises, so that no change made of what the document held before lands on it.
INSERT INTO settings AS s (environment_id, kind, document, updated_at)
VALUES ($1, $2, '{}', $3)
ON CONFLICT (environment_id, kind) DO UPDATE SET
    document = excluded.document,
    updated_at = excluded.updated_at,
    version = s.version + 1

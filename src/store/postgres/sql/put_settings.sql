-- Version 0 is that of a document that was never written.
INSERT INTO settings AS s (environment_id, kind, document, updated_at)
SELECT $1::uuid, $2::text, $3::text::jsonb, $4::timestamptz
WHERE coalesce($5::bigint, 0) = 0 OR EXISTS (SELECT FROM settings WHERE environment_id = $1 AND kind = $2)
ON CONFLICT (environment_id, kind) DO UPDATE SET
    document = excluded.document,
    updated_at = excluded.updated_at,
    version = s.version + 1
WHERE $5 IS NULL OR s.version = $5
RETURNING version

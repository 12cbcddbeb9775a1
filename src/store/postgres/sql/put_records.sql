INSERT INTO records (kind, id, environment_id, document, unique_name, revision, written_at)
SELECT kind, id, environment_id, document::jsonb, unique_name, $6, $7
FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::text[]) AS r (kind, id, environment_id, document, unique_name)
ON CONFLICT (kind, id) DO UPDATE SET
    document = excluded.document,
    unique_name = excluded.unique_name,
    revision = excluded.revision,
    written_at = excluded.written_at

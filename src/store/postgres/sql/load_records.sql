-- One statement, so one moment. Where there is no record, one row without one.
SELECT
    i.revision AS as_of,
    r.kind AS "kind?",
    r.id AS "id?",
    r.environment_id AS "environment_id?",
    r.document::text AS "document?",
    r.revision AS "revision?"
FROM installation i
LEFT JOIN records r ON r.revision > $1 AND (r.document IS NOT NULL OR $1 > 0)
WHERE i.id = 1

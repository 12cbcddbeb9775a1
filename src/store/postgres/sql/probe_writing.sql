-- Rewrites the one row of the probe, and says whether that took new room on the disk, as a send does. Two rows of its size do not fit on
-- a page; yet a page that a vacuum has emptied takes one when the disk is full.
WITH before AS MATERIALIZED (
    SELECT pg_relation_size('write_probes') AS bytes
),
written AS (
    INSERT INTO write_probes (id, filler)
    SELECT 1, repeat('x', 6000)
    FROM before
    ON CONFLICT (id) DO UPDATE SET filler = excluded.filler
    RETURNING true
)
SELECT pg_relation_size('write_probes') > before.bytes AS "took_new_room!"
FROM written
CROSS JOIN before

-- Rewrites the one row of the probe. Two of its size do not fit on a page, so each writing needs new room, as a send does.
INSERT INTO write_probes (id, filler) VALUES (1, repeat('x', 6000))
ON CONFLICT (id) DO UPDATE SET filler = excluded.filler

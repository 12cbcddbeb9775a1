-- One row, written only while every other write fails, to see whether that is still so. It is larger than a page.
CREATE TABLE write_probes (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    filler TEXT NOT NULL
) STRICT;

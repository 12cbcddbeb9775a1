-- One row, written only while every other write fails, to see whether that is still so. It stays as large as it is, so that
-- writing it needs a page of its own.
CREATE TABLE write_probes (
    id smallint PRIMARY KEY CHECK (id = 1),
    filler text NOT NULL
);

ALTER TABLE write_probes ALTER COLUMN filler SET STORAGE PLAIN;

-- Environments and applications that were removed. What they leave in tables that grow without end goes in batches, and after a
-- while, when no process can make anything for them any more, goes once again; then the row here goes too.
CREATE TABLE removals (
    owner_id   BLOB    PRIMARY KEY,
    removed_at INTEGER NOT NULL,
    due_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX removals_by_due_time ON removals (due_at, owner_id);

-- Environments and applications that were removed. What they leave in tables that grow without end goes in batches, and after a
-- while, when no process can make anything for them any more, goes once again; then the row here goes too.
CREATE TABLE removals (
    owner_id   uuid        PRIMARY KEY,
    removed_at timestamptz NOT NULL,
    due_at     timestamptz NOT NULL
);
CREATE INDEX removals_by_due_time ON removals (due_at, owner_id);

-- Whoever looks for what is due of one queue does not walk over what waits in the others. No statement adds a column without a
-- default, so the table is made anew.
CREATE TABLE ordered_outbox (
    message_id  BLOB    PRIMARY KEY,
    queue       TEXT    NOT NULL,
    due_at      INTEGER NOT NULL,
    lease_token BLOB,
    attempts    INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO ordered_outbox (message_id, queue, due_at, lease_token, attempts)
SELECT o.message_id, CASE WHEN m.notification_id IS NULL THEN m.channel ELSE 'notification' END, o.due_at, o.lease_token,
       o.attempts
FROM outbox o JOIN messages m ON m.id = o.message_id;
DROP TABLE outbox;
ALTER TABLE ordered_outbox RENAME TO outbox;
CREATE INDEX outbox_by_due_time ON outbox (queue, due_at);

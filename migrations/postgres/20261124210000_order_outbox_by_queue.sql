-- Whoever looks for what is due of one queue does not walk over what waits in the others.
ALTER TABLE outbox ADD COLUMN queue text;
UPDATE outbox SET queue = CASE WHEN m.notification_id IS NULL THEN m.channel ELSE 'notification' END
FROM messages m WHERE m.id = outbox.message_id;
ALTER TABLE outbox ALTER COLUMN queue SET NOT NULL;
DROP INDEX outbox_by_due_time;
CREATE INDEX outbox_by_due_time ON outbox (queue, due_at);

-- Of an environment that is removed. The outbox is small, so it is walked; nothing leads from an environment to its entries.
DELETE FROM outbox o
WHERE (SELECT m.environment_id FROM messages m WHERE m.id = o.message_id) = $1

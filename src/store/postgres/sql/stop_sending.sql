-- Of an environment that is removed: what waits is due for nobody any more.
UPDATE messages m SET due_at = NULL, lease_token = NULL
FROM (SELECT DISTINCT unnest(message_ids) AS id FROM outbox ORDER BY 1) AS waiting
WHERE m.id = waiting.id AND m.environment_id = $1 AND m.status = 'queued'

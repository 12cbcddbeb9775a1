SELECT id, provider, outcome, provider_code, detail, provider_message_id, started_at, finished_at
FROM attempts
WHERE message_id = $1
ORDER BY number

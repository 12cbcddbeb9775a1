SELECT hour_started_at, hour_sends, day_started_at, day_sends
FROM recipients
WHERE environment_id = $1 AND recipient_key = $2

UPDATE monthly_counters SET used = used - 1
WHERE environment_id = $1 AND counter = $2 AND month = $3 AND used > 0

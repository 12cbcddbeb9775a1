SELECT used FROM monthly_counters WHERE environment_id = $1 AND counter = $2 AND month = $3

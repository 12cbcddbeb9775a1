UPDATE limit_counters SET
    hour_started_at = $2, hour_sends = $3, day_started_at = $4, day_sends = $5
WHERE key = $1

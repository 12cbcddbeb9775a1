-- Gives back what a send counted at $3 took, where the windows that counted it still stand.
UPDATE recipients SET
    hour_sends = CASE WHEN hour_started_at <= $3 THEN greatest(hour_sends - 1, 0) ELSE hour_sends END,
    day_sends = CASE WHEN day_started_at <= $3 THEN greatest(day_sends - 1, 0) ELSE day_sends END
WHERE environment_id = $1 AND recipient_key = $2

-- Counts a send in the recipient's hour and day, as `issue` does. No row: one of them is full.
INSERT INTO recipients AS r (
    environment_id, recipient_key, hour_started_at, hour_sends, day_started_at, day_sends,
    guesses_started_at, wrong_guesses, touched_at
)
VALUES ($1, $2, $3, 1, $3, 1, $3, 0, $3)
ON CONFLICT (environment_id, recipient_key) DO UPDATE SET
    hour_started_at = CASE WHEN r.hour_sends > 0 AND r.hour_started_at > $3 - interval '1 hour' THEN r.hour_started_at ELSE $3 END,
    hour_sends = CASE WHEN r.hour_started_at > $3 - interval '1 hour' THEN r.hour_sends ELSE 0 END + 1,
    day_started_at = CASE WHEN r.day_sends > 0 AND r.day_started_at > $3 - interval '24 hours' THEN r.day_started_at ELSE $3 END,
    day_sends = CASE WHEN r.day_started_at > $3 - interval '24 hours' THEN r.day_sends ELSE 0 END + 1,
    touched_at = greatest(r.touched_at, $3)
WHERE (r.hour_started_at <= $3 - interval '1 hour' OR r.hour_sends < $4)
    AND (r.day_started_at <= $3 - interval '24 hours' OR r.day_sends < $5)
RETURNING true AS "taken!"

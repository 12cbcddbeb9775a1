-- So that there is a row to be locked. One that is being made at this moment is waited for.
INSERT INTO limit_counters (key, hour_started_at, day_started_at, guesses_started_at, hour_sends, day_sends, wrong_guesses)
VALUES ($1, $2, $2, $2, 0, 0, 0)
ON CONFLICT (key) DO NOTHING

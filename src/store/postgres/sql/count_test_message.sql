-- Counts a test in the environment's minute, which begins with the first test counted in it. No row: the minute is full.
INSERT INTO test_message_windows AS w (environment_id, minute_started_at, sends)
VALUES ($1, $2, 1)
ON CONFLICT (environment_id) DO UPDATE SET
    minute_started_at = CASE WHEN w.minute_started_at > $2 - interval '1 minute' THEN w.minute_started_at ELSE $2 END,
    sends = CASE WHEN w.minute_started_at > $2 - interval '1 minute' THEN w.sends ELSE 0 END + 1
WHERE w.minute_started_at <= $2 - interval '1 minute' OR w.sends < $3
RETURNING sends

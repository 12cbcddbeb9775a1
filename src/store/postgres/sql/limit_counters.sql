-- What is counted of a recipient, for a transaction that goes on to change it.
SELECT hour_started_at, hour_sends, day_started_at, day_sends, guesses_started_at, wrong_guesses
FROM limit_counters
WHERE key = $1
FOR UPDATE

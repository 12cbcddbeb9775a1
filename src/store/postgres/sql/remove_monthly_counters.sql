-- A few rows for each environment and month: there is nothing to look up by.
WITH old AS MATERIALIZED (
    SELECT environment_id, counter, month FROM monthly_counters WHERE month < $1 LIMIT $2
)
DELETE FROM monthly_counters c
USING old
WHERE c.environment_id = old.environment_id AND c.counter = old.counter AND c.month = old.month

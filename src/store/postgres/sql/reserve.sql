-- Takes a place of a monthly counter, if there is one left.
INSERT INTO monthly_counters AS c (environment_id, counter, month, used)
SELECT $1::uuid, $2::text, $3::timestamptz, 1
WHERE $4::integer > 0
ON CONFLICT (environment_id, counter, month) DO UPDATE SET used = c.used + 1
WHERE c.used < $4

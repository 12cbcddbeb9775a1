-- Counts sends against every limit and makes verifications with their messages: all of them or none, but for those that are refused.
--
-- `found` has what is counted and made as of the statement's snapshot. What it does not admit is left alone; why, the caller works out
-- from the same columns. For the others the places are taken (`wanted` says how many by which key, and how many it may have), each by
-- an upsert that looks at the counter again under its lock. Where one is refused that the snapshot admitted, or several for one end
-- user's address or one quota do not all find a place, the last line fails on purpose, which takes everything back; the caller runs each
-- by itself then.
--
-- A keyed request's verification has the hash of the key as its id. Where `found` sees it, it was made before, and nothing is
-- counted. A copy that runs at the same moment meets the primary key and fails, which takes back whatever was counted.
--
-- No two of one statement have the same recipient. Locks: counters, monthly counters, verifications, each in the order of their keys,
-- so that no two statements wait for each other.
WITH found AS MATERIALIZED (
    SELECT
        a.*,
        r.hour_started_at, r.hour_sends, r.day_started_at, r.day_sends, r.guesses_started_at,
        r.wrong_guesses AS recipient_wrong_guesses,
        i.hour_started_at AS ip_hour_started_at, i.hour_sends AS ip_hour_sends,
        c.used AS quota_used,
        v.id IS NOT NULL AS made,
        v.body_hash AS made_body_hash,
        v.id IS NULL
            AND (r.key IS NULL OR (
                (r.hour_started_at <= a.created_at - interval '1 hour' OR r.hour_sends < a.per_hour)
                AND (r.day_started_at <= a.created_at - interval '24 hours' OR r.day_sends < a.per_day)
                AND (r.guesses_started_at <= a.created_at - interval '24 hours' OR r.wrong_guesses < a.guesses_per_day)
            ))
            AND (i.key IS NULL OR i.hour_started_at <= a.created_at - interval '1 hour' OR i.hour_sends < a.ip_per_hour)
            AND (a.quota_counter IS NULL OR coalesce(c.used, 0) < a.quota_limit) AS admitted
    FROM (SELECT n.*, (n.message).* FROM unnest($1::new_verification[]) WITH ORDINALITY AS n) AS a
    LEFT JOIN limit_counters r ON r.key = a.recipient_key
    LEFT JOIN limit_counters i ON i.key = a.ip_key
    LEFT JOIN monthly_counters c
        ON c.environment_id = a.environment_id AND c.counter = a.quota_counter AND c.month = a.quota_month
    LEFT JOIN verifications v ON v.id = a.id AND a.body_hash IS NOT NULL
),
new AS MATERIALIZED (
    SELECT * FROM found WHERE admitted
),
wanted AS MATERIALIZED (
    SELECT recipient_key AS key, created_at AS at, 1 AS sends, 1 AS day_sends, per_hour, per_day, guesses_per_day
    FROM new
    UNION ALL
    -- An end user's address has one limit, by the hour.
    SELECT ip_key, max(created_at), count(*)::integer, 0, min(ip_per_hour), 2147483647, 2147483647
    FROM new
    WHERE ip_key IS NOT NULL
    GROUP BY ip_key
),
counters AS (
    INSERT INTO limit_counters AS c (
        key, hour_started_at, day_started_at, guesses_started_at, hour_sends, day_sends, wrong_guesses
    )
    SELECT key, at, at, at, sends, day_sends, 0
    FROM wanted
    WHERE sends <= per_hour
    ORDER BY key
    ON CONFLICT (key) DO UPDATE SET
        hour_started_at = CASE
            WHEN c.hour_sends > 0 AND c.hour_started_at > excluded.hour_started_at - interval '1 hour' THEN c.hour_started_at
            ELSE excluded.hour_started_at
        END,
        hour_sends = CASE WHEN c.hour_started_at > excluded.hour_started_at - interval '1 hour' THEN c.hour_sends ELSE 0 END
            + excluded.hour_sends,
        day_started_at = CASE
            WHEN c.day_sends > 0 AND c.day_started_at > excluded.day_started_at - interval '24 hours' THEN c.day_started_at
            ELSE excluded.day_started_at
        END,
        day_sends = CASE WHEN c.day_started_at > excluded.day_started_at - interval '24 hours' THEN c.day_sends ELSE 0 END
            + excluded.day_sends
    WHERE (
        SELECT
            CASE WHEN c.hour_started_at > w.at - interval '1 hour' THEN c.hour_sends ELSE 0 END + w.sends <= w.per_hour
            AND CASE WHEN c.day_started_at > w.at - interval '24 hours' THEN c.day_sends ELSE 0 END + w.day_sends <= w.per_day
            AND (c.guesses_started_at <= w.at - interval '24 hours' OR c.wrong_guesses < w.guesses_per_day)
        FROM wanted w
        WHERE w.key = c.key
    )
    RETURNING true AS taken
),
quotas AS (
    INSERT INTO monthly_counters AS c (environment_id, counter, month, used)
    SELECT environment_id, quota_counter, quota_month, count(*)
    FROM new, (SELECT count(*) AS taken FROM counters) AS before
    WHERE quota_counter IS NOT NULL AND before.taken >= 0
    GROUP BY environment_id, quota_counter, quota_month
    HAVING count(*) <= min(quota_limit)
    ORDER BY environment_id, quota_counter, quota_month
    ON CONFLICT (environment_id, counter, month) DO UPDATE SET used = c.used + excluded.used
    WHERE c.used + excluded.used <= (
        SELECT min(new.quota_limit)
        FROM new
        WHERE new.environment_id = c.environment_id AND new.quota_counter = c.counter AND new.quota_month = c.month
    )
    RETURNING true AS taken
),
granted AS MATERIALIZED (
    SELECT *
    FROM new
    WHERE (SELECT count(*) FROM counters) = (SELECT count(*) FROM wanted)
        AND (SELECT count(*) FROM quotas)
            = (SELECT count(DISTINCT (environment_id, quota_counter, quota_month)) FROM new WHERE quota_counter IS NOT NULL)
),
verification AS (
    INSERT INTO verifications (
        id, environment_id, application_id, connection_id, created_at, expires_at, code_key_id, code_digits, max_guesses,
        max_sends, code_mac, recipient_key, sealed_recipient, ip_key, body_hash, purpose, channel, country, locale,
        masked_recipient, message_id, resend_at, sealed_code
    )
    SELECT
        id, environment_id, application_id, connection_id, created_at, expires_at, code_key_id, code_digits, max_guesses,
        max_sends, code_mac, recipient_key, sealed_recipient, ip_key, body_hash, purpose, channel, country, locale,
        masked_recipient, message_id, resend_at, sealed_code
    FROM granted
    ORDER BY id
),
message AS (
    INSERT INTO messages (
        id, environment_id, application_id, verification_id, created_at, recipient_key, channel, purpose, country, language,
        masked_recipient, decision, quota_month, updated_at, due_at, lease_token, status
    )
    SELECT
        message_id, environment_id, application_id, id, created_at, recipient_key, channel, purpose, country, language,
        masked_recipient, decision, CASE WHEN quota_counter = 'test_quota' THEN quota_month END, created_at, lease_until,
        lease_token, 'queued'
    FROM granted
),
entry AS (
    INSERT INTO outbox (queue, due_at, message_ids)
    SELECT channel, max(lease_until), array_agg(message_id)
    FROM granted
    GROUP BY channel
),
expiry AS (
    INSERT INTO expiries (due_at, verification_ids)
    SELECT max(expires_at), array_agg(id)
    FROM granted
    GROUP BY expires_at - created_at
)
SELECT
    admitted AS "admitted!",
    made AS "made!", made_body_hash AS "made_body_hash?",
    hour_started_at AS "hour_started_at?", hour_sends AS "hour_sends?",
    day_started_at AS "day_started_at?", day_sends AS "day_sends?",
    guesses_started_at AS "guesses_started_at?", recipient_wrong_guesses AS "recipient_wrong_guesses?",
    ip_hour_started_at AS "ip_hour_started_at?", ip_hour_sends AS "ip_hour_sends?",
    quota_used AS "quota_used?",
    CASE WHEN EXISTS (SELECT FROM new) AND NOT EXISTS (SELECT FROM granted)
        THEN 'otpost: a limit was reached at this very moment, the statement runs again' END::integer AS lost_race
FROM found
ORDER BY ordinality

-- Counts further sends of pending verifications and makes their messages: all of them or none, but for those that are refused.
--
-- As `issue`, but the verifications' rows are locked before the counters, and what they hold then decides whether they may be
-- sent again at all. What is `unreadable` in what the answer takes of it, as in `check`, stays as it was. What a keyed request has
-- sent before is `made`, whatever has become of the verification since. Locks: verifications, counters, monthly counters.
WITH found AS MATERIALIZED (
    SELECT
        a.*,
        v.environment_id, v.connection_id, v.created_at, v.expires_at, v.max_guesses, v.max_sends,
        v.recipient_key, v.sealed_recipient, v.ip_key, v.purpose, v.channel, v.country, v.locale, v.masked_recipient,
        v.message_id AS newest_message_id, v.resend_at, v.sends, v.wrong_guesses, v.verified_at, v.canceled_at, v.sealed_code,
        v.keyed_resends,
        r.hour_started_at, r.hour_sends, r.day_started_at, r.day_sends, r.guesses_started_at,
        r.wrong_guesses AS recipient_wrong_guesses,
        i.hour_started_at AS ip_hour_started_at, i.hour_sends AS ip_hour_sends,
        c.used AS quota_used,
        v.purpose <> ALL ($3::text[]) OR v.channel <> ALL ($4::text[])
            OR least(v.max_guesses, v.wrong_guesses, v.max_sends, v.sends) < 0
            OR greatest(v.max_guesses, v.wrong_guesses, v.max_sends, v.sends) > 255 AS unreadable,
        EXISTS (
            SELECT FROM generate_series(1, length(v.keyed_resends), 48) AS place
            WHERE substring(v.keyed_resends FROM place FOR 16) = a.key_hash
        ) AS made,
        v.verified_at IS NULL AND v.canceled_at IS NULL AND v.wrong_guesses < v.max_guesses AND v.expires_at > a.now
            AND v.sends < v.max_sends AND v.resend_at <= a.now AND v.connection_id = ANY (a.enabled_connections)
            AND (r.key IS NULL OR (
                (r.hour_started_at <= a.now - interval '1 hour' OR r.hour_sends < a.per_hour)
                AND (r.day_started_at <= a.now - interval '24 hours' OR r.day_sends < a.per_day)
                AND (r.guesses_started_at <= a.now - interval '24 hours' OR r.wrong_guesses < a.guesses_per_day)
            ))
            AND (i.key IS NULL OR i.hour_started_at <= a.now - interval '1 hour' OR i.hour_sends < a.ip_per_hour)
            AND (a.quota_counter IS NULL OR coalesce(c.used, 0) < a.quota_limit) AS open
    FROM (
        SELECT (again).*, (message).*, number
        FROM (
            SELECT
                unnest($1::new_send[]) AS again,
                unnest($2::new_message[]) AS message,
                generate_subscripts($1::new_send[], 1) AS number
        ) AS given
    ) AS a
    JOIN verifications v ON v.id = a.id AND v.application_id = a.application_id
    LEFT JOIN limit_counters r ON r.key = v.recipient_key
    LEFT JOIN limit_counters i ON i.key = v.ip_key
    LEFT JOIN monthly_counters c
        ON c.environment_id = v.environment_id AND c.counter = a.quota_counter AND c.month = a.quota_month
    ORDER BY v.id
    FOR UPDATE OF v
),
new AS MATERIALIZED (
    SELECT * FROM found WHERE open AND NOT made AND NOT unreadable
),
wanted AS MATERIALIZED (
    SELECT recipient_key AS key, now AS at, 1 AS sends, 1 AS day_sends, per_hour, per_day, guesses_per_day
    FROM new
    UNION ALL
    -- An end user's address has one limit, by the hour.
    SELECT ip_key, max(now), count(*)::integer, 0, min(ip_per_hour), 2147483647, 2147483647
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
    RETURNING (
        SELECT c.hour_sends <= w.per_hour AND c.day_sends <= w.per_day
            AND (c.guesses_started_at <= w.at - interval '24 hours' OR c.wrong_guesses < w.guesses_per_day)
        FROM wanted w
        WHERE w.key = c.key
    ) AS has_room
),
quotas AS (
    INSERT INTO monthly_counters AS c (environment_id, counter, month, used)
    SELECT environment_id, quota_counter, quota_month, count(*)
    FROM new
    WHERE quota_counter IS NOT NULL AND NOT EXISTS (SELECT FROM counters WHERE NOT has_room)
    GROUP BY 1, 2, 3
    ORDER BY 1, 2, 3
    ON CONFLICT (environment_id, counter, month) DO UPDATE SET used = c.used + excluded.used
    RETURNING c.used <= (
        SELECT min(n.quota_limit)
        FROM new n
        WHERE n.environment_id = c.environment_id AND n.quota_counter = c.counter AND n.quota_month = c.month
    ) AS has_room
),
granted AS MATERIALIZED (
    SELECT *
    FROM new
    WHERE NOT EXISTS (SELECT FROM counters WHERE NOT has_room) AND NOT EXISTS (SELECT FROM quotas WHERE NOT has_room)
),
sent AS (
    UPDATE verifications v SET
        sends = v.sends + 1,
        message_id = g.message_id,
        keyed_resends = CASE
            WHEN g.keyed_resend IS NULL THEN v.keyed_resends
            ELSE coalesce(v.keyed_resends, '') || g.keyed_resend
        END,
        -- The moment after send number `sends + 1`; the last of the list repeats.
        resend_at = g.resend_ats[least(v.sends + 1, cardinality(g.resend_ats))]
    FROM granted g
    WHERE v.id = g.id
),
message AS (
    INSERT INTO messages (
        id, environment_id, application_id, verification_id, created_at, recipient_key, channel, purpose, country, language,
        masked_recipient, decision, quota_month, updated_at, due_at, lease_token, status
    )
    SELECT
        message_id, environment_id, application_id, id, now, recipient_key, channel, purpose, country, language,
        masked_recipient, decision, CASE WHEN quota_counter = 'test_quota' THEN quota_month END, now, lease_until,
        lease_token, 'queued'
    FROM granted
),
entry AS (
    INSERT INTO outbox (queue, due_at, message_ids)
    SELECT channel, max(lease_until), array_agg(message_id)
    FROM granted
    GROUP BY channel
)
SELECT
    number AS "number!",
    unreadable AS "unreadable!",
    made AS "made!",
    open AND NOT made AND NOT unreadable AS "admitted!",
    keyed_resends AS "keyed_resends?",
    hour_started_at AS "hour_started_at?", hour_sends AS "hour_sends?",
    day_started_at AS "day_started_at?", day_sends AS "day_sends?",
    guesses_started_at AS "guesses_started_at?", recipient_wrong_guesses AS "recipient_wrong_guesses?",
    ip_hour_started_at AS "ip_hour_started_at?", ip_hour_sends AS "ip_hour_sends?",
    quota_used AS "quota_used?",
    id AS "id!", environment_id AS "environment_id!", application_id AS "application_id!", connection_id AS "connection_id!",
    purpose AS "purpose!", channel AS "channel!", recipient_key AS "recipient_key!", sealed_recipient AS "sealed_recipient!",
    masked_recipient AS "masked_recipient!", locale AS "locale?", sealed_code AS "sealed_code?",
    max_guesses AS "max_guesses!", wrong_guesses AS "wrong_guesses!", max_sends AS "max_sends!", sends AS "sends!",
    created_at AS "created_at!", expires_at AS "expires_at!", resend_at AS "resend_at!",
    verified_at AS "verified_at?", canceled_at AS "canceled_at?",
    CASE WHEN EXISTS (SELECT FROM new) AND NOT EXISTS (SELECT FROM granted)
        THEN 'otpost: a limit was reached at this very moment, the statement runs again' END::integer AS lost_race
FROM found

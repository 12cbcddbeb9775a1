-- Counts sends against every limit and makes verifications with their messages: all of them, or none.
--
-- `found` has what is counted and made as of the statement's snapshot. Where it does not admit one of them, nothing is counted or made;
-- why, the caller works out from the same columns, and asks again for the others. Otherwise the places are taken, as many of each
-- counter and of each quota as the caller says, by upserts that tell whether there was room for them. Where there was not, though the
-- snapshot admitted each, the last line fails on purpose, which takes everything back; the caller runs each by itself then.
--
-- A keyed request's verification has the hash of the key as its id. Where `found` sees it, it was made before, and nothing is
-- counted. A copy that runs at the same moment meets the primary key and fails, which takes back whatever was counted.
--
-- What is to be made stays one composite value each until it is inserted: a row of forty columns costs every node that it goes
-- through. Sums and order come from the caller: a node that sorts or adds up costs a single send as much as an insert does.
--
-- No two of one statement have the same recipient. Locks: counters, monthly counters, verifications, each in the order of their keys,
-- in which they come and stay (nothing but nested loops joins them), so that no two statements wait for each other.
WITH found AS MATERIALIZED (
    SELECT
        a.number, a.new, a.message,
        r.hour_started_at, r.hour_sends, r.day_started_at, r.day_sends, r.guesses_started_at,
        r.wrong_guesses AS recipient_wrong_guesses,
        i.hour_started_at AS ip_hour_started_at, i.hour_sends AS ip_hour_sends,
        c.used AS quota_used,
        v.id IS NOT NULL AS made,
        v.body_hash AS made_body_hash,
        v.id IS NULL
            AND (r.key IS NULL OR (
                (r.hour_started_at <= (a.new).created_at - interval '1 hour' OR r.hour_sends < (a.message).per_hour)
                AND (r.day_started_at <= (a.new).created_at - interval '24 hours' OR r.day_sends < (a.message).per_day)
                AND (
                    r.guesses_started_at <= (a.new).created_at - interval '24 hours'
                    OR r.wrong_guesses < (a.message).guesses_per_day
                )
            ))
            AND (
                i.key IS NULL
                OR i.hour_started_at <= (a.new).created_at - interval '1 hour'
                OR i.hour_sends < (a.message).ip_per_hour
            )
            AND ((a.message).quota_counter IS NULL OR coalesce(c.used, 0) < (a.message).quota_limit) AS admitted
    FROM (
        SELECT
            unnest($1::new_verification[]) AS new,
            unnest($2::new_message[]) AS message,
            generate_subscripts($1::new_verification[], 1) AS number
    ) AS a
    LEFT JOIN limit_counters r ON r.key = (a.new).recipient_key
    LEFT JOIN limit_counters i ON i.key = (a.new).ip_key
    LEFT JOIN monthly_counters c
        ON c.environment_id = (a.new).environment_id
        AND c.counter = (a.message).quota_counter
        AND c.month = (a.message).quota_month
    LEFT JOIN verifications v ON v.id = (a.new).id AND (a.new).body_hash IS NOT NULL
),
counters AS (
    INSERT INTO limit_counters AS c (
        key, hour_started_at, day_started_at, guesses_started_at, hour_sends, day_sends, wrong_guesses
    )
    SELECT key, at, at, at, hour_sends, day_sends, 0
    FROM unnest($3::counted_sends[])
    WHERE NOT EXISTS (SELECT FROM found WHERE NOT admitted)
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
        FROM unnest($3::counted_sends[]) w
        WHERE w.key = c.key
    ) AS has_room
),
quotas AS (
    INSERT INTO monthly_counters AS c (environment_id, counter, month, used)
    SELECT environment_id, counter, month, sends
    FROM unnest($4::counted_quota[])
    WHERE NOT EXISTS (SELECT FROM found WHERE NOT admitted) AND NOT EXISTS (SELECT FROM counters WHERE NOT has_room)
    ON CONFLICT (environment_id, counter, month) DO UPDATE SET used = c.used + excluded.used
    RETURNING c.used <= (
        SELECT w.quota_limit
        FROM unnest($4::counted_quota[]) w
        WHERE w.environment_id = c.environment_id AND w.counter = c.counter AND w.month = c.month
    ) AS has_room
),
granted AS MATERIALIZED (
    SELECT new, message
    FROM found
    WHERE NOT EXISTS (SELECT FROM found WHERE NOT admitted)
        AND NOT EXISTS (SELECT FROM counters WHERE NOT has_room)
        AND NOT EXISTS (SELECT FROM quotas WHERE NOT has_room)
),
verification AS (
    INSERT INTO verifications (
        id, environment_id, application_id, connection_id, created_at, expires_at, code_key_id, code_digits, max_guesses,
        max_sends, code_mac, recipient_key, sealed_recipient, ip_key, body_hash, purpose, channel, country, locale,
        masked_recipient, message_id, resend_at, sealed_code
    )
    SELECT
        (new).id, (new).environment_id, (new).application_id, (new).connection_id, (new).created_at, (new).expires_at,
        (new).code_key_id, (new).code_digits, (new).max_guesses, (new).max_sends, (new).code_mac, (new).recipient_key,
        (new).sealed_recipient, (new).ip_key, (new).body_hash, (new).purpose, (new).channel, (new).country, (new).locale,
        (new).masked_recipient, (message).message_id, (new).resend_at, (new).sealed_code
    FROM granted
),
message AS (
    INSERT INTO messages (
        id, environment_id, application_id, verification_id, created_at, recipient_key, channel, purpose, country, language,
        masked_recipient, decision, quota_month, updated_at, due_at, lease_token, status
    )
    SELECT
        (message).message_id, (new).environment_id, (new).application_id, (new).id, (new).created_at, (new).recipient_key,
        (new).channel, (new).purpose, (new).country, (message).language, (new).masked_recipient, (message).decision,
        CASE WHEN (message).quota_counter = 'test_quota' THEN (message).quota_month END, (new).created_at,
        (message).lease_until, (message).lease_token, 'queued'
    FROM granted
),
entry AS (
    INSERT INTO outbox (queue, due_at, message_ids)
    SELECT queue, due_at, ids FROM unnest($5::due[]) WHERE EXISTS (SELECT FROM granted)
),
expiry AS (
    INSERT INTO expiries (due_at, verification_ids)
    SELECT due_at, ids FROM unnest($6::due[]) WHERE EXISTS (SELECT FROM granted)
)
SELECT
    number AS "number!",
    admitted AS "admitted!",
    made AS "made!", made_body_hash AS "made_body_hash?",
    hour_started_at AS "hour_started_at?", hour_sends AS "hour_sends?",
    day_started_at AS "day_started_at?", day_sends AS "day_sends?",
    guesses_started_at AS "guesses_started_at?", recipient_wrong_guesses AS "recipient_wrong_guesses?",
    ip_hour_started_at AS "ip_hour_started_at?", ip_hour_sends AS "ip_hour_sends?",
    quota_used AS "quota_used?",
    CASE WHEN EXISTS (SELECT FROM counters) AND NOT EXISTS (SELECT FROM granted)
        THEN 'otpost: a limit was reached at this very moment, the statement runs again' END::integer AS lost_race
FROM found

-- Counts a further send of a pending verification and makes its message: all of it or nothing.
--
-- As `issue`, but the verification's row is locked before the counters, and what it holds then decides whether it may be
-- sent again at all. What is `unreadable` in what the answer takes of it, as in `check`, stays as it was. What a keyed request has sent before is `made`, whatever has become of the verification since. Where it is
-- `sendable`, no counter refuses it and yet it was not sent, the caller runs the statement again.
WITH target AS MATERIALIZED (
    SELECT *
    FROM verifications
    WHERE id = $1 AND application_id = $2
    FOR UPDATE
),
decision AS MATERIALIZED (
    SELECT
        target.*,
        CASE
            WHEN purpose <> ALL ($19::text[]) OR channel <> ALL ($20::text[])
                OR least(max_guesses, wrong_guesses, max_sends, sends) < 0
                OR greatest(max_guesses, wrong_guesses, max_sends, sends) > 255
            THEN 'unreadable'
            WHEN EXISTS (
                SELECT FROM generate_series(1, length(keyed_resends), 48) AS place
                WHERE substring(keyed_resends FROM place FOR 16) = $17::bytea
            ) THEN 'made'
            WHEN connection_id <> ALL ($3::uuid[]) THEN 'connection_disabled'
            WHEN verified_at IS NOT NULL THEN 'already_verified'
            WHEN canceled_at IS NOT NULL THEN 'canceled'
            WHEN wrong_guesses >= max_guesses THEN 'locked'
            WHEN expires_at <= $4::timestamptz THEN 'expired'
            WHEN sends >= max_sends THEN 'limit_reached'
            WHEN resend_at > $4 THEN 'too_soon'
            ELSE 'sendable'
        END AS state
    FROM target
),
standing AS MATERIALIZED (
    SELECT
        CASE WHEN r.guesses_started_at > $4 - interval '24 hours' AND r.wrong_guesses >= $5::integer
            THEN r.guesses_started_at + interval '24 hours' END AS locked_until,
        CASE WHEN r.hour_started_at > $4 - interval '1 hour' AND r.hour_sends >= $6::integer
            THEN r.hour_started_at + interval '1 hour' END AS hour_resets_at,
        CASE WHEN r.day_started_at > $4 - interval '24 hours' AND r.day_sends >= $7::integer
            THEN r.day_started_at + interval '24 hours' END AS day_resets_at,
        CASE WHEN a.hour_started_at > $4 - interval '1 hour' AND a.hour_sends >= $8::integer
            THEN a.hour_started_at + interval '1 hour' END AS address_resets_at,
        $9::text IS NOT NULL AND coalesce(c.used, 0) >= $11::integer AS quota_exhausted
    FROM decision d
    LEFT JOIN recipients r ON r.environment_id = d.environment_id AND r.recipient_key = d.recipient_key
    LEFT JOIN end_user_addresses a ON a.environment_id = d.environment_id AND a.ip_key = d.ip_key
    LEFT JOIN monthly_counters c
        ON c.environment_id = d.environment_id AND c.counter = $9 AND c.month = $10::timestamptz
    WHERE d.state = 'sendable'
),
recipient AS (
    INSERT INTO recipients AS r (
        environment_id, recipient_key, hour_started_at, hour_sends, day_started_at, day_sends,
        guesses_started_at, wrong_guesses, touched_at
    )
    SELECT d.environment_id, d.recipient_key, $4, 1, $4, 1, $4, 0, $4
    FROM standing, decision d
    WHERE coalesce(locked_until, hour_resets_at, day_resets_at, address_resets_at) IS NULL AND NOT quota_exhausted
    ON CONFLICT (environment_id, recipient_key) DO UPDATE SET
        hour_started_at = CASE WHEN r.hour_sends > 0 AND r.hour_started_at > $4 - interval '1 hour' THEN r.hour_started_at ELSE $4 END,
        hour_sends = CASE WHEN r.hour_started_at > $4 - interval '1 hour' THEN r.hour_sends ELSE 0 END + 1,
        day_started_at = CASE WHEN r.day_sends > 0 AND r.day_started_at > $4 - interval '24 hours' THEN r.day_started_at ELSE $4 END,
        day_sends = CASE WHEN r.day_started_at > $4 - interval '24 hours' THEN r.day_sends ELSE 0 END + 1,
        touched_at = greatest(r.touched_at, $4)
    WHERE (r.hour_started_at <= $4 - interval '1 hour' OR r.hour_sends < $6)
        AND (r.day_started_at <= $4 - interval '24 hours' OR r.day_sends < $7)
        AND (r.guesses_started_at <= $4 - interval '24 hours' OR r.wrong_guesses < $5)
    RETURNING true AS taken
),
address AS (
    INSERT INTO end_user_addresses AS a (environment_id, ip_key, hour_started_at, hour_sends)
    SELECT d.environment_id, d.ip_key, $4, 1
    FROM recipient, decision d
    WHERE d.ip_key IS NOT NULL
    ON CONFLICT (environment_id, ip_key) DO UPDATE SET
        hour_started_at = CASE WHEN a.hour_sends > 0 AND a.hour_started_at > $4 - interval '1 hour' THEN a.hour_started_at ELSE $4 END,
        hour_sends = CASE WHEN a.hour_started_at > $4 - interval '1 hour' THEN a.hour_sends ELSE 0 END + 1
    WHERE a.hour_started_at <= $4 - interval '1 hour' OR a.hour_sends < $8
    RETURNING true AS taken
),
counted AS MATERIALIZED (
    SELECT d.*
    FROM recipient, decision d
    WHERE d.ip_key IS NULL OR EXISTS (SELECT FROM address)
),
quota AS (
    INSERT INTO monthly_counters AS c (environment_id, counter, month, used)
    SELECT environment_id, $9, $10, 1
    FROM counted
    WHERE $9 IS NOT NULL
    ON CONFLICT (environment_id, counter, month) DO UPDATE SET used = c.used + 1
    WHERE c.used < $11
    RETURNING true AS taken
),
granted AS MATERIALIZED (
    SELECT *
    FROM counted
    WHERE $9 IS NULL OR EXISTS (SELECT FROM quota)
),
sent AS (
    UPDATE verifications v SET
        sends = v.sends + 1,
        message_id = $12::uuid,
        keyed_resends = CASE WHEN $18::bytea IS NULL THEN v.keyed_resends ELSE coalesce(v.keyed_resends, '') || $18 END,
        -- Wait number `sends` of the list, whose last one repeats.
        resend_at = $4 + make_interval(secs => ($13::integer[])[least(v.sends + 1, cardinality($13))])
    FROM granted
    WHERE v.id = granted.id
    RETURNING v.sends, v.resend_at
),
message AS (
    INSERT INTO messages (
        id, environment_id, application_id, verification_id, channel, purpose, recipient_key, masked_recipient, status,
        decision, quota_month, created_at, updated_at
    )
    SELECT $12, environment_id, application_id, id, channel, purpose, recipient_key, masked_recipient, 'queued',
        $14::text::jsonb,
        CASE WHEN $9 = 'test_quota' THEN $10 END, $4, $4
    FROM granted
),
entry AS (
    INSERT INTO outbox (message_id, queue, due_at, lease_token)
    SELECT $12, channel, $15::timestamptz, $16::uuid
    FROM granted
)
SELECT
    d.state AS "state!",
    standing.locked_until AS "locked_until?",
    standing.hour_resets_at AS "hour_resets_at?",
    standing.day_resets_at AS "day_resets_at?",
    standing.address_resets_at AS "address_resets_at?",
    standing.quota_exhausted AS "quota_exhausted?",
    sent.sends IS NOT NULL AS "sent!",
    d.keyed_resends,
    d.id, d.environment_id, d.application_id, d.connection_id, d.purpose, d.channel, d.recipient, d.masked_recipient, d.locale,
    d.sealed_code,
    d.max_guesses, d.wrong_guesses, d.max_sends,
    coalesce(sent.sends, d.sends) AS "sends!",
    d.created_at, d.expires_at,
    coalesce(sent.resend_at, d.resend_at) AS "resend_at!",
    d.verified_at, d.canceled_at,
    CASE WHEN EXISTS (SELECT FROM recipient) AND NOT EXISTS (SELECT FROM granted)
        THEN 'otpost: a limit was reached at this very moment, the statement runs again' END::integer AS "lost_race?"
FROM decision d
LEFT JOIN standing ON true
LEFT JOIN sent ON true

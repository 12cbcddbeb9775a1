-- Counts guesses and compares them, at most one for each verification, unless something speaks against it; why, the caller works out
-- from the same columns.
--
-- The verifications' rows are locked first, so that what is decided is decided on what they hold at that moment, and the next guess
-- waits for it. What holds anything but the names in $2 to $6, or a count beyond a byte, is `unreadable` to this release: it stays
-- as it was for one that can read it. So does one whose code was made under a key that the guess was not hashed under.
--
-- Their recipients' wrong guesses are counted, or cleared by a right guess, in one upsert that looks at them again under their lock.
-- Where that is refused though the snapshot admitted it, or where two guesses concern one recipient, the last line fails on
-- purpose, which takes everything back; the caller runs each by itself then. Locks: verifications, recipients, each in the order of their
-- keys.
WITH found AS MATERIALIZED (
    SELECT
        a.*,
        v.environment_id, v.connection_id, v.created_at, v.expires_at, v.code_key_id, v.code_digits, v.max_guesses, v.max_sends,
        v.code_mac, v.recipient_key, v.sealed_recipient, v.purpose, v.channel, v.locale, v.masked_recipient, v.message_id,
        v.resend_at, v.sends, v.wrong_guesses, v.verified_at, v.canceled_at, v.verify_key_hash, v.verify_body_hash,
        m.status, m.provider, m.fallback, m.error_code, m.error_detail,
        r.hour_started_at, r.hour_sends, r.day_started_at, r.day_sends, r.guesses_started_at,
        r.wrong_guesses AS recipient_wrong_guesses,
        v.purpose <> ALL ($2::text[]) OR v.channel <> ALL ($3::text[])
            OR least(v.max_guesses, v.wrong_guesses, v.max_sends, v.sends) < 0
            OR greatest(v.max_guesses, v.wrong_guesses, v.max_sends, v.sends) > 255
            OR coalesce(m.status <> ALL ($4::text[]) OR m.provider <> ALL ($5::text[]) OR m.error_code <> ALL ($6::text[]), false)
            AS unreadable,
        v.verify_key_hash IS NULL AND v.verified_at IS NULL AND v.canceled_at IS NULL
            AND v.wrong_guesses < v.max_guesses AND v.expires_at > a.now
            AND coalesce(v.purpose = a.asked_purpose, true) AND coalesce(v.connection_id = a.asked_connection_id, true)
            AND v.connection_id = ANY (a.enabled_connections)
            AND (r.key IS NULL OR r.guesses_started_at <= a.now - interval '24 hours' OR r.wrong_guesses < a.guesses_per_day)
            AND v.code_digits = a.digits AND length(v.code_mac) = 32 AND v.code_key_id = ANY (a.generations) AS open,
        int4send(v.code_key_id) || v.code_mac = ANY (a.candidates) AS is_right
    FROM (
        SELECT (guess).*, number
        FROM (SELECT unnest($1::guess[]) AS guess, generate_subscripts($1::guess[], 1) AS number) AS given
    ) AS a
    JOIN verifications v ON v.id = a.id AND v.application_id = a.application_id
    LEFT JOIN limit_counters r ON r.key = v.recipient_key
    LEFT JOIN messages m ON m.id = v.message_id
    ORDER BY v.id
    FOR UPDATE OF v
),
admitted AS MATERIALIZED (
    SELECT * FROM found WHERE open AND NOT unreadable
),
guessed AS (
    UPDATE verifications v SET
        wrong_guesses = v.wrong_guesses + CASE WHEN a.is_right THEN 0 ELSE 1 END,
        guessed_at = v.guessed_at || a.now,
        verified_at = CASE WHEN a.is_right THEN a.now END,
        verify_key_hash = CASE WHEN a.is_right THEN a.key_hash END,
        verify_body_hash = CASE WHEN a.is_right THEN a.body_hash END,
        sealed_code = CASE WHEN NOT a.is_right AND v.wrong_guesses + 1 < v.max_guesses THEN v.sealed_code END
    FROM admitted a
    WHERE v.id = a.id
),
counted AS (
    INSERT INTO limit_counters AS r (
        key, hour_started_at, day_started_at, guesses_started_at, hour_sends, day_sends, wrong_guesses
    )
    SELECT recipient_key, now, now, now, 0, 0, CASE WHEN is_right THEN 0 ELSE 1 END
    FROM admitted
    WHERE NOT is_right OR recipient_wrong_guesses > 0
    ORDER BY recipient_key
    ON CONFLICT (key) DO UPDATE SET
        guesses_started_at = CASE
            WHEN r.wrong_guesses > 0 AND r.guesses_started_at > excluded.guesses_started_at - interval '24 hours'
            THEN r.guesses_started_at
            ELSE excluded.guesses_started_at
        END,
        wrong_guesses = CASE
            WHEN excluded.wrong_guesses = 0 THEN 0
            WHEN r.guesses_started_at > excluded.guesses_started_at - interval '24 hours' THEN r.wrong_guesses + 1
            ELSE 1
        END
    WHERE r.guesses_started_at <= excluded.guesses_started_at - interval '24 hours'
        OR r.wrong_guesses < (SELECT a.guesses_per_day FROM admitted a WHERE a.recipient_key = r.key)
    RETURNING true AS taken
)
SELECT
    f.number AS "number!",
    f.unreadable AS "unreadable!",
    f.open AND NOT f.unreadable AS "admitted!",
    f.code_key_id AS "code_key_id!", f.code_mac AS "code_mac!", f.code_digits AS "code_digits!",
    f.verify_key_hash AS "verify_key_hash?", f.verify_body_hash AS "verify_body_hash?",
    f.hour_started_at AS "hour_started_at?", f.hour_sends AS "hour_sends?",
    f.day_started_at AS "day_started_at?", f.day_sends AS "day_sends?",
    f.guesses_started_at AS "guesses_started_at?", f.recipient_wrong_guesses AS "recipient_wrong_guesses?",
    f.id AS "id!", f.environment_id AS "environment_id!", f.application_id AS "application_id!",
    f.connection_id AS "connection_id!", f.purpose AS "purpose!", f.channel AS "channel!",
    f.recipient_key AS "recipient_key!", f.sealed_recipient AS "sealed_recipient!", f.masked_recipient AS "masked_recipient!",
    f.locale AS "locale?", NULL::bytea AS "sealed_code?",
    f.max_guesses AS "max_guesses!", f.wrong_guesses AS "wrong_guesses!", f.max_sends AS "max_sends!", f.sends AS "sends!",
    f.created_at AS "created_at!", f.expires_at AS "expires_at!", f.resend_at AS "resend_at!",
    f.verified_at AS "verified_at?", f.canceled_at AS "canceled_at?",
    f.message_id AS "message_id!",
    f.status AS "status?", f.provider AS "provider?", f.fallback AS "fallback?",
    f.error_code AS "error_code?", f.error_detail AS "error_detail?",
    CASE
        WHEN (SELECT count(*) FROM counted) < (SELECT count(*) FROM admitted WHERE NOT is_right OR recipient_wrong_guesses > 0)
            OR (SELECT count(*) > count(DISTINCT recipient_key) FROM admitted)
        THEN 'otpost: a limit was reached at this very moment, the statement runs again'
    END::integer AS lost_race
FROM found f

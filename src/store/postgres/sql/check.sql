-- Counts a guess and compares it, unless the code was made under a key that the guess was not hashed under: then nobody can tell,
-- and nothing is counted.
--
-- The keyed request that was right is told so again as long as the code would live, and neither counted nor compared.
--
-- What holds anything but the names in $13 to $17, or a count beyond a byte, is `unreadable` to this release, whatever else it is: it
-- stays as it was for one that can read it.
--
-- The verification's row is locked first, then its recipient's, so that what is decided is decided on what both hold at
-- that moment, and the next guess waits for it. A verification's recipient has had a row since its issue; should somebody have
-- deleted it, a wrong guess makes a new one, and one that finds it made by another guess meanwhile fails on purpose, which takes
-- everything back, so that the caller runs the statement again.
WITH target AS MATERIALIZED (
    SELECT *
    FROM verifications
    WHERE id = $1 AND application_id = $2
    FOR UPDATE
),
message AS MATERIALIZED (
    SELECT m.status, m.provider, m.fallback, m.error_code, m.error_detail
    FROM target t
    JOIN messages m ON m.id = t.message_id
),
ended AS MATERIALIZED (
    SELECT
        CASE
            WHEN purpose <> ALL ($13::text[]) OR channel <> ALL ($14::text[])
                OR least(max_guesses, wrong_guesses, max_sends, sends) < 0
                OR greatest(max_guesses, wrong_guesses, max_sends, sends) > 255
                OR m.status <> ALL ($15::text[]) OR m.provider <> ALL ($16::text[]) OR m.error_code <> ALL ($17::text[])
            THEN 'unreadable'
            WHEN verify_key_hash = $11::bytea AND expires_at > $6::timestamptz THEN 'made'
            WHEN purpose <> $3::text OR connection_id <> $4::uuid THEN 'not_found'
            WHEN connection_id <> ALL ($5::uuid[]) THEN 'connection_disabled'
            WHEN verified_at IS NOT NULL THEN 'already_verified'
            WHEN canceled_at IS NOT NULL THEN 'canceled'
            WHEN wrong_guesses >= max_guesses THEN 'locked'
            WHEN expires_at <= $6 THEN 'expired'
        END AS state
    FROM target
    LEFT JOIN message m ON true
),
recipient AS MATERIALIZED (
    SELECT r.guesses_started_at, r.wrong_guesses
    FROM target t
    CROSS JOIN ended
    JOIN recipients r ON r.environment_id = t.environment_id AND r.recipient_key = t.recipient_key
    WHERE ended.state IS NULL
    FOR UPDATE OF r
),
decision AS MATERIALIZED (
    SELECT
        t.*,
        coalesce(
            ended.state,
            CASE
                WHEN r.guesses_started_at > $6 - interval '24 hours' AND r.wrong_guesses >= $7::integer THEN 'recipient_locked'
                WHEN t.code_digits <> $8::smallint THEN 'incorrect_length'
                ELSE coalesce(
                    (
                        SELECT CASE WHEN candidate.mac = t.code_mac THEN 'verified' ELSE 'incorrect' END
                        FROM unnest($9::integer[], $10::bytea[]) AS candidate (key_id, mac)
                        WHERE candidate.key_id = t.code_key_id AND length(candidate.mac) = length(t.code_mac)
                        LIMIT 1
                    ),
                    'unknown_key'
                )
            END
        ) AS state,
        r.guesses_started_at + interval '24 hours' AS locked_until,
        r.wrong_guesses > 0 AS to_clear
    FROM target t
    CROSS JOIN ended
    LEFT JOIN recipient r ON true
),
guessed AS (
    UPDATE verifications v SET
        wrong_guesses = v.wrong_guesses + CASE WHEN decision.state = 'incorrect' THEN 1 ELSE 0 END,
        guessed_at = v.guessed_at || $6,
        verified_at = CASE WHEN decision.state = 'verified' THEN $6 END,
        verify_key_hash = CASE WHEN decision.state = 'verified' THEN $11 END,
        verify_body_hash = CASE WHEN decision.state = 'verified' THEN $12::bytea END,
        sealed_code = CASE
            WHEN decision.state = 'incorrect' AND v.wrong_guesses + 1 < v.max_guesses THEN v.sealed_code
        END
    FROM decision
    WHERE v.id = decision.id AND decision.state IN ('verified', 'incorrect')
),
counted AS (
    INSERT INTO recipients AS r (
        environment_id, recipient_key, hour_started_at, hour_sends, day_started_at, day_sends,
        guesses_started_at, wrong_guesses, touched_at
    )
    SELECT environment_id, recipient_key, $6, 0, $6, 0, $6, 1, $6
    FROM decision
    WHERE state = 'incorrect'
    ON CONFLICT (environment_id, recipient_key) DO UPDATE SET
        guesses_started_at = CASE
            WHEN r.wrong_guesses > 0 AND r.guesses_started_at > $6 - interval '24 hours' THEN r.guesses_started_at
            ELSE $6
        END,
        wrong_guesses = CASE WHEN r.guesses_started_at > $6 - interval '24 hours' THEN r.wrong_guesses ELSE 0 END + 1,
        touched_at = greatest(r.touched_at, $6)
    WHERE r.guesses_started_at <= $6 - interval '24 hours' OR r.wrong_guesses < $7
    RETURNING true AS taken
),
cleared AS (
    UPDATE recipients r SET wrong_guesses = 0
    FROM decision
    WHERE r.environment_id = decision.environment_id AND r.recipient_key = decision.recipient_key
        AND decision.state = 'verified' AND decision.to_clear
)
SELECT
    d.state AS "state!",
    d.locked_until AS "locked_until?",
    d.code_key_id,
    d.verify_body_hash AS "verify_body_hash?",
    d.id, d.environment_id, d.application_id, d.connection_id, d.purpose, d.channel, d.recipient, d.masked_recipient, d.locale,
    NULL::bytea AS sealed_code,
    d.max_guesses,
    (d.wrong_guesses + CASE WHEN d.state = 'incorrect' THEN 1 ELSE 0 END)::smallint AS "wrong_guesses!",
    d.max_sends, d.sends, d.created_at, d.expires_at, d.resend_at,
    CASE WHEN d.state = 'verified' THEN $6 ELSE d.verified_at END AS verified_at,
    d.canceled_at,
    d.message_id,
    m.status AS "status?", m.provider AS "provider?", m.fallback AS "fallback?",
    m.error_code AS "error_code?", m.error_detail AS "error_detail?",
    CASE WHEN d.state = 'incorrect' AND NOT EXISTS (SELECT FROM counted)
        THEN 'otpost: a limit was reached at this very moment, the statement runs again' END::integer AS "lost_race?"
FROM decision d
LEFT JOIN message m ON true

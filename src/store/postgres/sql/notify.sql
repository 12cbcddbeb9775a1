-- Counts a notification for each of its recipients and makes it with its messages: all of it or nothing. A suppressed one has
-- recipients without messages, is counted for nobody and always made.
--
-- What a keyed request has made before is `earlier`, and counts no further. A copy that runs at the same moment meets the unique
-- index and fails, which takes everything back; the caller runs the statement again.
--
-- As in `issue`, `limits` finds what refuses it, and the upserts look at each counter again under its lock, in the order of
-- their keys, so that two notifications to the same recipients never wait for each other. Where one is refused that the
-- snapshot allowed, either nothing was taken, or the last line fails on purpose; the caller runs the statement again.
WITH asked AS MATERIALIZED (
    -- The shorter list is filled up with NULL: a suppressed one has no messages.
    SELECT number::smallint AS number, recipient_key, limit_key, sealed_recipient, masked_recipient, message_id
    FROM unnest($12::bytea[], $13::bytea[], $14::bytea[], $15::text[], $16::uuid[])
        WITH ORDINALITY AS a (recipient_key, limit_key, sealed_recipient, masked_recipient, message_id, number)
),
earlier AS MATERIALIZED (
    SELECT id, body_hash FROM notifications WHERE key_hash = $21::bytea
),
limits AS MATERIALIZED (
    SELECT max(c.day_started_at) + interval '24 hours' AS resets_at
    FROM asked
    JOIN limit_counters c ON c.key = asked.limit_key
    WHERE asked.message_id IS NOT NULL AND c.day_started_at > $10::timestamptz - interval '24 hours' AND c.day_sends >= $17::integer
),
counted AS (
    INSERT INTO limit_counters AS c (
        key, hour_started_at, day_started_at, guesses_started_at, hour_sends, day_sends, wrong_guesses
    )
    SELECT limit_key, $10, $10, $10, 0, 1, 0
    FROM asked, limits
    WHERE message_id IS NOT NULL AND resets_at IS NULL AND NOT EXISTS (SELECT FROM earlier)
    ORDER BY limit_key
    ON CONFLICT (key) DO UPDATE SET
        day_started_at = CASE WHEN c.day_sends > 0 AND c.day_started_at > $10 - interval '24 hours' THEN c.day_started_at ELSE $10 END,
        day_sends = CASE WHEN c.day_started_at > $10 - interval '24 hours' THEN c.day_sends ELSE 0 END + 1
    WHERE c.day_started_at <= $10 - interval '24 hours' OR c.day_sends < $17
    RETURNING true AS taken
),
granted AS MATERIALIZED (
    SELECT FROM limits
    WHERE resets_at IS NULL AND NOT EXISTS (SELECT FROM earlier)
        AND (SELECT count(*) FROM counted) = (SELECT count(message_id) FROM asked)
),
notification AS (
    INSERT INTO notifications (
        id, environment_id, application_id, event, source, outcome, reason, locale, sealed_data, created_at, expires_at,
        key_hash, body_hash
    )
    SELECT
        $1::uuid, $2::uuid, $3::uuid, $4::text, $5::text, $6::text, $7::text, $8::text, $9::bytea, $10::timestamptz,
        $11::timestamptz, $21, $22::bytea
    FROM granted
),
recipient AS (
    INSERT INTO notification_recipients (
        notification_id, number, recipient_key, limit_key, sealed_recipient, masked_recipient, message_id
    )
    SELECT $1, number, recipient_key, limit_key, sealed_recipient, masked_recipient, message_id
    FROM granted, asked
),
message AS (
    INSERT INTO messages (
        id, environment_id, application_id, notification_id, created_at, recipient_key, channel, purpose, language,
        masked_recipient, decision, updated_at, due_at, lease_token, status
    )
    SELECT
        message_id, $2, $3, $1, $10, recipient_key, 'email', $4, $23::text, masked_recipient, $18::text, $10, $20::timestamptz,
        $19::uuid, 'queued'
    FROM granted, asked
    WHERE message_id IS NOT NULL
),
entry AS (
    INSERT INTO outbox (queue, due_at, message_ids)
    SELECT 'notification', $20, array_agg(message_id)
    FROM granted, asked
    WHERE message_id IS NOT NULL
    HAVING count(*) > 0
)
SELECT
    resets_at,
    EXISTS (SELECT FROM granted) AS "made!",
    (SELECT id FROM earlier) AS earlier_id,
    (SELECT body_hash FROM earlier) AS earlier_body_hash,
    CASE WHEN EXISTS (SELECT FROM counted) AND NOT EXISTS (SELECT FROM granted)
        THEN 'otpost: a limit was reached at this very moment, the statement runs again' END::integer AS lost_race
FROM limits

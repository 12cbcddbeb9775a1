-- Counts a notification for each of its recipients and makes it with its messages: all of it or nothing. A suppressed one has
-- recipients without messages, is counted for nobody and always made.
--
-- What a keyed request has made before is `earlier`, and counts no further. A copy that runs at the same moment meets the unique
-- index and fails, which takes everything back; the caller runs the statement again.
--
-- As in `issue`, `standing` finds what refuses it, and the upserts look at each counter again under its lock, in the order of
-- their keys, so that two notifications to the same recipients never wait for each other. Where one is refused that the
-- snapshot allowed, either nothing was taken, or the last line fails on purpose; the caller runs the statement again.
WITH asked AS MATERIALIZED (
    -- The shorter list is filled up with NULL: a suppressed one has no messages.
    SELECT number::smallint AS number, recipient, recipient_key, masked_recipient, message_id
    FROM unnest($12::text[], $13::text[], $14::text[], $15::uuid[])
        WITH ORDINALITY AS a (recipient, recipient_key, masked_recipient, message_id, number)
),
earlier AS MATERIALIZED (
    SELECT id, body_hash FROM notifications WHERE key_hash = $20::bytea
),
standing AS MATERIALIZED (
    SELECT max(c.day_started_at) + interval '24 hours' AS resets_at
    FROM asked
    JOIN notification_counters c ON c.environment_id = $2::uuid AND c.recipient_key = asked.recipient_key
    WHERE asked.message_id IS NOT NULL AND c.day_started_at > $10::timestamptz - interval '24 hours' AND c.day_sends >= $16::integer
),
counted AS (
    INSERT INTO notification_counters AS c (environment_id, recipient_key, day_started_at, day_sends)
    SELECT $2, recipient_key, $10, 1
    FROM asked, standing
    WHERE message_id IS NOT NULL AND resets_at IS NULL AND NOT EXISTS (SELECT FROM earlier)
    ORDER BY recipient_key
    ON CONFLICT (environment_id, recipient_key) DO UPDATE SET
        day_started_at = CASE WHEN c.day_sends > 0 AND c.day_started_at > $10 - interval '24 hours' THEN c.day_started_at ELSE $10 END,
        day_sends = CASE WHEN c.day_started_at > $10 - interval '24 hours' THEN c.day_sends ELSE 0 END + 1
    WHERE c.day_started_at <= $10 - interval '24 hours' OR c.day_sends < $16
    RETURNING true AS taken
),
granted AS MATERIALIZED (
    SELECT FROM standing
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
        $11::timestamptz, $20, $21::bytea
    FROM granted
),
recipient AS (
    INSERT INTO notification_recipients (
        notification_id, number, recipient, recipient_key, masked_recipient, message_id
    )
    SELECT $1, number, recipient, recipient_key, masked_recipient, message_id
    FROM granted, asked
),
message AS (
    INSERT INTO messages (
        id, environment_id, application_id, notification_id, channel, purpose, recipient_key, masked_recipient, status,
        decision, created_at, updated_at
    )
    SELECT message_id, $2, $3, $1, 'email', $4, recipient_key, masked_recipient, 'queued', $17::text::jsonb, $10, $10
    FROM granted, asked
    WHERE message_id IS NOT NULL
),
entry AS (
    INSERT INTO outbox (message_id, queue, due_at, lease_token)
    SELECT message_id, 'notification', $19::timestamptz, $18::uuid
    FROM granted, asked
    WHERE message_id IS NOT NULL
)
SELECT
    resets_at,
    EXISTS (SELECT FROM granted) AS "made!",
    (SELECT id FROM earlier) AS earlier_id,
    (SELECT body_hash FROM earlier) AS earlier_body_hash,
    CASE WHEN EXISTS (SELECT FROM counted) AND NOT EXISTS (SELECT FROM granted)
        THEN 'otpost: a limit was reached at this very moment, the statement runs again' END::integer AS lost_race
FROM standing

-- Counts a send and makes a verification with its message: all of it or nothing.
--
-- `standing` reads the counters as of the statement's snapshot and finds what refuses the send. If nothing does, the
-- places are taken one after the other, each by an upsert that looks at the counter again under its lock. Where one is
-- refused that the snapshot allowed, somebody else took the last place meanwhile: for the recipient, nothing was taken yet
-- and the answer has `issued = false` with no reason; after it, the last line of the statement fails on purpose, which
-- takes everything back. Either way the caller runs the statement again, and the new snapshot shows the reason.
--
-- A keyed request's verification has the hash of the key as its id. Where `standing` sees it, it was made before: nothing is
-- counted, and `made_body_hash` says by which request. A copy that runs at the same moment meets the primary key and fails, which
-- takes back whatever it had counted; the caller runs the statement again.
--
-- Locks: recipient, address, monthly counter, verification. Each reads from the one before it, which forces the order.
WITH new AS NOT MATERIALIZED (
    SELECT
        $1::uuid          AS id,
        $2::uuid          AS environment_id,
        $3::uuid          AS application_id,
        $4::uuid          AS connection_id,
        $5::text          AS purpose,
        $6::text          AS channel,
        $7::text          AS recipient,
        $8::text          AS recipient_key,
        $9::text          AS masked_recipient,
        $10::text         AS locale,
        $11::text         AS ip_key,
        $12::integer      AS code_key_id,
        $13::bytea        AS code_mac,
        $14::smallint     AS code_digits,
        $15::bytea        AS sealed_code,
        $16::smallint     AS max_guesses,
        $17::smallint     AS max_sends,
        $18::timestamptz  AS created_at,
        $19::timestamptz  AS expires_at,
        $20::timestamptz  AS resend_at,
        $21::uuid         AS message_id,
        $22::text         AS decision,
        $23::uuid         AS lease_token,
        $24::timestamptz  AS lease_until,
        $25::integer      AS per_hour,
        $26::integer      AS per_day,
        $27::integer      AS ip_per_hour,
        $28::integer      AS guesses_per_day,
        $29::text         AS quota_counter,
        $30::timestamptz  AS quota_month,
        $31::integer      AS quota_limit,
        $32::bytea        AS body_hash
),
standing AS MATERIALIZED (
    SELECT
        CASE WHEN r.guesses_started_at > new.created_at - interval '24 hours' AND r.wrong_guesses >= new.guesses_per_day
            THEN r.guesses_started_at + interval '24 hours' END AS locked_until,
        CASE WHEN r.hour_started_at > new.created_at - interval '1 hour' AND r.hour_sends >= new.per_hour
            THEN r.hour_started_at + interval '1 hour' END AS hour_resets_at,
        CASE WHEN r.day_started_at > new.created_at - interval '24 hours' AND r.day_sends >= new.per_day
            THEN r.day_started_at + interval '24 hours' END AS day_resets_at,
        CASE WHEN a.hour_started_at > new.created_at - interval '1 hour' AND a.hour_sends >= new.ip_per_hour
            THEN a.hour_started_at + interval '1 hour' END AS address_resets_at,
        new.quota_counter IS NOT NULL AND coalesce(c.used, 0) >= new.quota_limit AS quota_exhausted,
        v.id IS NOT NULL AS made,
        v.body_hash AS made_body_hash
    FROM new
    LEFT JOIN recipients r ON r.environment_id = new.environment_id AND r.recipient_key = new.recipient_key
    LEFT JOIN end_user_addresses a ON a.environment_id = new.environment_id AND a.ip_key = new.ip_key
    LEFT JOIN monthly_counters c
        ON c.environment_id = new.environment_id AND c.counter = new.quota_counter AND c.month = new.quota_month
    LEFT JOIN verifications v ON v.id = new.id AND new.body_hash IS NOT NULL
),
recipient AS (
    INSERT INTO recipients AS r (
        environment_id, recipient_key, hour_started_at, hour_sends, day_started_at, day_sends,
        guesses_started_at, wrong_guesses, touched_at
    )
    SELECT new.environment_id, new.recipient_key, new.created_at, 1, new.created_at, 1, new.created_at, 0, new.created_at
    FROM standing, new
    WHERE NOT made
        AND coalesce(locked_until, hour_resets_at, day_resets_at, address_resets_at) IS NULL AND NOT quota_exhausted
    ON CONFLICT (environment_id, recipient_key) DO UPDATE SET
        hour_started_at = CASE WHEN r.hour_sends > 0 AND r.hour_started_at > $18 - interval '1 hour' THEN r.hour_started_at ELSE $18 END,
        hour_sends = CASE WHEN r.hour_started_at > $18 - interval '1 hour' THEN r.hour_sends ELSE 0 END + 1,
        day_started_at = CASE WHEN r.day_sends > 0 AND r.day_started_at > $18 - interval '24 hours' THEN r.day_started_at ELSE $18 END,
        day_sends = CASE WHEN r.day_started_at > $18 - interval '24 hours' THEN r.day_sends ELSE 0 END + 1,
        touched_at = greatest(r.touched_at, $18)
    WHERE (r.hour_started_at <= $18 - interval '1 hour' OR r.hour_sends < $25)
        AND (r.day_started_at <= $18 - interval '24 hours' OR r.day_sends < $26)
        AND (r.guesses_started_at <= $18 - interval '24 hours' OR r.wrong_guesses < $28)
    RETURNING true AS taken
),
address AS (
    INSERT INTO end_user_addresses AS a (environment_id, ip_key, hour_started_at, hour_sends)
    SELECT new.environment_id, new.ip_key, new.created_at, 1
    FROM recipient, new
    WHERE new.ip_key IS NOT NULL
    ON CONFLICT (environment_id, ip_key) DO UPDATE SET
        hour_started_at = CASE WHEN a.hour_sends > 0 AND a.hour_started_at > $18 - interval '1 hour' THEN a.hour_started_at ELSE $18 END,
        hour_sends = CASE WHEN a.hour_started_at > $18 - interval '1 hour' THEN a.hour_sends ELSE 0 END + 1
    WHERE a.hour_started_at <= $18 - interval '1 hour' OR a.hour_sends < $27
    RETURNING true AS taken
),
counted AS MATERIALIZED (
    SELECT FROM recipient, new
    WHERE new.ip_key IS NULL OR EXISTS (SELECT FROM address)
),
quota AS (
    INSERT INTO monthly_counters AS c (environment_id, counter, month, used)
    SELECT new.environment_id, new.quota_counter, new.quota_month, 1
    FROM counted, new
    WHERE new.quota_counter IS NOT NULL
    ON CONFLICT (environment_id, counter, month) DO UPDATE SET used = c.used + 1
    WHERE c.used < $31
    RETURNING true AS taken
),
granted AS MATERIALIZED (
    SELECT FROM counted, new
    WHERE new.quota_counter IS NULL OR EXISTS (SELECT FROM quota)
),
verification AS (
    INSERT INTO verifications (
        id, environment_id, application_id, connection_id, message_id, purpose, channel, recipient, recipient_key,
        masked_recipient, locale, ip_key, code_key_id, code_mac, code_digits, sealed_code, max_guesses, max_sends,
        created_at, expires_at, resend_at, body_hash
    )
    SELECT
        id, environment_id, application_id, connection_id, message_id, purpose, channel, recipient, recipient_key,
        masked_recipient, locale, ip_key, code_key_id, code_mac, code_digits, sealed_code, max_guesses, max_sends,
        created_at, expires_at, resend_at, body_hash
    FROM granted, new
),
message AS (
    INSERT INTO messages (
        id, environment_id, application_id, verification_id, channel, purpose, recipient_key, masked_recipient, status,
        decision, quota_month, created_at, updated_at
    )
    SELECT
        message_id, environment_id, application_id, id, channel, purpose, recipient_key, masked_recipient, 'queued',
        decision::jsonb,
        CASE WHEN quota_counter = 'test_quota' THEN quota_month END, created_at, created_at
    FROM granted, new
),
entry AS (
    INSERT INTO outbox (message_id, queue, due_at, lease_token)
    SELECT message_id, channel, lease_until, lease_token
    FROM granted, new
)
SELECT
    locked_until, hour_resets_at, day_resets_at, address_resets_at,
    quota_exhausted AS "quota_exhausted!",
    made AS "made!", made_body_hash AS "made_body_hash?",
    EXISTS (SELECT FROM granted) AS "issued!",
    CASE WHEN EXISTS (SELECT FROM recipient) AND NOT EXISTS (SELECT FROM granted)
        THEN 'otpost: a limit was reached at this very moment, the statement runs again' END::integer AS lost_race
FROM standing

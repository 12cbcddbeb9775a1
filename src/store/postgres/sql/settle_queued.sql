-- Records an attempt after which the message is still to be sent, if the lease still holds.
WITH kept AS (
    UPDATE outbox SET
        due_at = $3,
        lease_token = $4,
        attempts = attempts + CASE WHEN $6::uuid IS NULL THEN 0 ELSE 1 END
    WHERE message_id = $1 AND lease_token = $2
    RETURNING message_id, attempts
),
touched AS (
    UPDATE messages SET updated_at = $5
    FROM kept
    WHERE messages.id = kept.message_id
),
attempt AS (
    INSERT INTO attempts (
        message_id, number, id, provider, outcome, provider_code, detail, provider_message_id, started_at, finished_at
    )
    SELECT
        message_id, attempts, $6, $7::text, $8::text, $9::text, $10::text, $11::text, $12::timestamptz, $13::timestamptz
    FROM kept
    WHERE $6 IS NOT NULL
)
SELECT EXISTS (SELECT FROM kept) AS "held!"

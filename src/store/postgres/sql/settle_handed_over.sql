-- Records the attempt by which a provider has the message, or may have it, if the lease still holds.
WITH gone AS (
    DELETE FROM outbox
    WHERE message_id = $1 AND lease_token = $2
    RETURNING message_id, attempts
),
settled AS (
    UPDATE messages SET
        status = $3,
        provider = $4,
        fallback = $5,
        provider_message_id = coalesce($6, messages.provider_message_id),
        updated_at = $7
    FROM gone
    WHERE messages.id = gone.message_id
),
attempt AS (
    INSERT INTO attempts (
        message_id, number, id, provider, outcome, provider_code, detail, provider_message_id, started_at, finished_at
    )
    SELECT
        message_id, attempts + 1, $8, $9::text, $10::text, $11::text, $12::text, $13::text, $14::timestamptz, $15::timestamptz
    FROM gone
    WHERE $8::uuid IS NOT NULL
)
SELECT EXISTS (SELECT FROM gone) AS "held!"

-- A page of an environment's messages, newest first: for each channel and rare status that the filter lets through ('' stands for all
-- common ones) the newest of its range of the index `messages_by_state`, and of all those the newest. So a page costs the same
-- wherever it begins and however few match. Where the caller sets no bound, the lowest and the highest id stand for it.
--
-- So that the planner finds no other way: the order is that of `uuid_send(id)`, the bytes of the id, which that index has and the
-- primary key has not (it may be walked along in the hope that much matches); and beside the wanted limit, which a generic plan does
-- not know, stands the highest.
SELECT
    newest.id, newest.environment_id, newest.application_id, newest.verification_id, newest.notification_id,
    newest.channel, newest.purpose, newest.masked_recipient, newest.status, newest.provider, newest.fallback,
    newest.error_code, newest.error_detail, newest.provider_message_id, newest.created_at, newest.updated_at
FROM unnest($6::text[]) AS c (channel)
CROSS JOIN unnest($5::text[]) AS s (status)
CROSS JOIN LATERAL (
    SELECT *
    FROM (
        SELECT *
        FROM messages m
        WHERE m.environment_id = $1 AND m.channel = c.channel AND coalesce(m.rare_status, '') = s.status
            AND uuid_send(m.id) >= uuid_send($2)
            AND uuid_send(m.id) < uuid_send($3)
            AND ($4::timestamptz IS NULL OR m.created_at >= $4)
            AND ($8::text IS NULL OR m.status = $8)
        ORDER BY uuid_send(m.id) DESC
        LIMIT 101
    ) AS longest
    LIMIT $7
) AS newest
ORDER BY newest.id DESC
LIMIT $7

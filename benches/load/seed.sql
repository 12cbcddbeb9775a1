-- Fills a migrated database with :rows verifications of the last four weeks, as they are when their messages were accepted and their
-- codes came back: a minute and 900 MB for a million.
--
-- Keys and ids lie evenly over the whole range of those that the service makes, or new ones would all find the same few pages of an
-- index; and they ascend, so that filling an index writes each of its pages once.
\set step (((1::bigint << 60) - 1) / :rows)
SELECT id AS environment FROM records WHERE kind = 'environment' LIMIT 1 \gset

CREATE TEMPORARY VIEW seeds AS
SELECT
    (lpad(to_hex(n * :step), 15, '0') || lpad(to_hex(n), 17, '0'))::uuid AS id,
    -- An id of a message sorts by its time.
    (lpad(to_hex((extract(epoch FROM made_at) * 1000)::bigint), 12, '0') || '7000' || lpad(to_hex(n), 16, '0'))::uuid AS message_id,
    '+' || 1000000000000 + n * (8000000000000 / :rows) AS recipient,
    made_at
FROM generate_series(1, :rows) AS n, LATERAL (SELECT now() - interval '28 days' * (1 - n::float / :rows) - interval '1 hour') AS made (made_at);

INSERT INTO verifications (
    id, environment_id, application_id, connection_id, message_id, purpose, channel, recipient, recipient_key, masked_recipient,
    code_key_id, code_mac, code_digits, max_guesses, max_sends, created_at, expires_at, resend_at, verified_at
)
SELECT
    id, :'environment', :'environment', :'environment', message_id, 'sign_in', 'sms', recipient, recipient, '+61•••123',
    1, uuid_send(id) || uuid_send(id), 6, 5, 5, made_at, made_at + interval '10 minutes', made_at + interval '1 minute', made_at
FROM seeds;
INSERT INTO messages (
    id, environment_id, application_id, verification_id, channel, purpose, recipient_key, masked_recipient, status, provider,
    provider_message_id, decision, created_at, updated_at
)
SELECT
    message_id, :'environment', :'environment', id, 'sms', 'sign_in', recipient, '+61•••123', 'accepted', 'twilio',
    'SM' || replace(id::text, '-', ''), '{"route":["twilio"]}', made_at, made_at
FROM seeds;
INSERT INTO attempts (message_id, number, id, provider, outcome, provider_message_id, started_at, finished_at)
SELECT message_id, 1, id, 'twilio', 'accepted', 'SM' || replace(id::text, '-', ''), made_at, made_at
FROM seeds;
INSERT INTO recipients
SELECT :'environment', recipient, now(), 1, now(), 1, now(), 0, now()
FROM seeds;
VACUUM (FREEZE, ANALYZE);
CHECKPOINT;

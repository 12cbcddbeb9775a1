-- Fills a migrated database with :rows verifications of the last four weeks, as they are when their messages were accepted and their
-- codes came back.
--
-- Keys and ids lie evenly over the whole range of those that the service makes, or new ones would all find the same few pages of an
-- index; and they ascend, so that filling an index writes each of its pages once.
\set step (((1::bigint << 60) - 1) / :rows)
SELECT id AS environment FROM records WHERE kind = 'environment' LIMIT 1 \gset

CREATE TEMPORARY VIEW seeds AS
SELECT
    (lpad(to_hex(n * :step), 15, '0') || lpad(to_hex(n), 17, '0'))::uuid AS id,
    decode(lpad(to_hex(n * :step), 15, '0') || lpad(to_hex(n), 17, '0'), 'hex') AS key,
    -- An id of a message sorts by its time.
    (lpad(to_hex((extract(epoch FROM made_at) * 1000)::bigint), 12, '0') || '7000' || lpad(to_hex(n), 16, '0'))::uuid AS message_id,
    made_at
FROM generate_series(1, :rows) AS n, LATERAL (SELECT now() - interval '28 days' * (1 - n::float / :rows) - interval '1 hour') AS made (made_at);

INSERT INTO verifications (
    id, environment_id, application_id, connection_id, created_at, expires_at, code_key_id, code_digits, max_guesses, max_sends,
    code_mac, recipient_key, sealed_recipient, purpose, channel, country, masked_recipient, message_id, resend_at, verified_at
)
SELECT
    id, :'environment', :'environment', :'environment', made_at, made_at + interval '10 minutes', 1, 6, 5, 5,
    key || key, key, key || key || key, 'sign_in', 'sms', 'au', '+61•••123', message_id, made_at + interval '1 minute', made_at
FROM seeds;
INSERT INTO messages (
    id, environment_id, application_id, verification_id, created_at, recipient_key, channel, purpose, country, language,
    masked_recipient, decision, updated_at, status, provider, provider_message_id, attempts
)
SELECT
    message_id, :'environment', :'environment', id, made_at, key, 'sms', 'sign_in', 'au', 'en',
    '+61•••123', '{"route":["twilio"]}', made_at, 'accepted', 'twilio', 'SM' || replace(id::text, '-', ''),
    '{"id":"' || id || '","provider":"twilio","outcome":"accepted","started_at":1795338000000000,"finished_at":1795338000100000}'
        || chr(10)
FROM seeds;
INSERT INTO limit_counters (key, hour_started_at, day_started_at, guesses_started_at, hour_sends, day_sends, wrong_guesses)
SELECT key, now(), now(), now(), 1, 1, 0
FROM seeds;
VACUUM (FREEZE, ANALYZE);
CHECKPOINT;

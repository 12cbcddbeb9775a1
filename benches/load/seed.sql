-- Fills a migrated database with verifications number 1 to :rows, each of a recipient of its own, whose codes have expired but
-- for the last thousand: about a minute and 900 MB for a million.
INSERT INTO verifications (
    id, environment_id, application_id, connection_id, message_id, purpose, channel, recipient, recipient_key,
    masked_recipient, code_key_id, code_mac, code_digits, sealed_code, max_guesses, max_sends, created_at, expires_at, resend_at
)
SELECT
    md5('verification' || n)::uuid, '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002',
    '00000000-0000-0000-0000-000000000003', md5('message' || n)::uuid, 'sign_in', 'sms', '+614' || lpad(n::text, 8, '0'),
    '+614' || lpad(n::text, 8, '0'), '+61•••' || right(lpad(n::text, 3, '0'), 3), 1, sha256(n::text::bytea), 6,
    sha256(n::text::bytea) || '\x000000000000000000000000000000000000', 5, 5, now(), now() + interval '24 hours', now()
FROM generate_series(1, :rows) AS n;
INSERT INTO messages (
    id, environment_id, application_id, verification_id, channel, purpose, recipient_key, masked_recipient, status, provider, decision,
    created_at, updated_at
)
SELECT
    md5('message' || n)::uuid, '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002',
    md5('verification' || n)::uuid, 'sms', 'sign_in', '+614' || lpad(n::text, 8, '0'), '+61•••' || right(lpad(n::text, 3, '0'), 3), 'accepted', 'twilio',
    '{"route":["twilio"]}', now(), now()
FROM generate_series(1, :rows) AS n;
INSERT INTO recipients
SELECT '00000000-0000-0000-0000-000000000001', '+614' || lpad(n::text, 8, '0'), now(), 1, now(), 1, now(), 0, now()
FROM generate_series(1, :rows) AS n;
VACUUM ANALYZE;
CHECKPOINT;

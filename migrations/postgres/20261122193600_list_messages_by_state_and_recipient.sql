-- Every list of messages is a walk along an index, whatever it is filtered by: one without a filter merges the few ranges of
-- all channels and states. So this index takes the place of the one on (environment_id, id). It has the bytes of the id, in whose
-- order nothing else has the messages: what matches rarely is then never looked for along the primary key.
CREATE INDEX messages_by_state ON messages (environment_id, channel, status, uuid_send(id));
DROP INDEX messages_by_environment;

-- For the search: the recipient as limits are counted by, in every message, because not every message has a verification.
ALTER TABLE messages ADD COLUMN recipient_key text COLLATE "C";
UPDATE messages SET recipient_key = verifications.recipient_key
FROM verifications WHERE verifications.id = messages.verification_id;
CREATE INDEX messages_by_recipient ON messages (environment_id, recipient_key, uuid_send(id));

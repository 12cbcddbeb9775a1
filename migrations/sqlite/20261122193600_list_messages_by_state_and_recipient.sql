-- Every list of messages is a walk along an index, whatever it is filtered by: one without a filter merges the few ranges of
-- all channels and states. So this index takes the place of the one on (environment_id, id).
CREATE INDEX messages_by_state ON messages (environment_id, channel, status, id);
DROP INDEX messages_by_environment;

-- For the search: the recipient as limits are counted by, in every message, because not every message has a verification.
ALTER TABLE messages ADD COLUMN recipient_key TEXT;
UPDATE messages SET recipient_key =
    (SELECT recipient_key FROM verifications WHERE verifications.id = messages.verification_id);
CREATE INDEX messages_by_recipient ON messages (environment_id, recipient_key, id);

-- What a request makes is bound to its Idempotency-Key in the row that it makes, so there is no table of keys. Hashes are keyed
-- ones of 128 bits, under the index key.
DROP TABLE idempotency_keys;

-- The id of a verification that was made under a key is the hash of that key, so the primary key makes it once. No index names
-- any of these columns, so that a resend stays a HOT update.
ALTER TABLE verifications
    -- Of the body it was made with; NULL where it was made without a key.
    ADD COLUMN body_hash bytea,
    -- The resends under a key, at most `max_sends`: hash of the key, hash of the body, id of the message, 16 bytes each, one after
    -- the other.
    ADD COLUMN keyed_resends bytea,
    -- The right guess, where it was made under a key.
    ADD COLUMN verify_key_hash bytea,
    ADD COLUMN verify_body_hash bytea;

-- The id of a notification sorts by its time of making, so its key stands beside it.
ALTER TABLE notifications
    ADD COLUMN key_hash bytea,
    ADD COLUMN body_hash bytea;
CREATE UNIQUE INDEX notifications_by_key ON notifications (key_hash) WHERE key_hash IS NOT NULL;

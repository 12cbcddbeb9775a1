-- Notifications: emails of authentication that carry no code. Not the hot path, so they may refer to their environment.

-- What was asked for and what was decided. An id sorts by its time of making. What the email says is sealed, because a link
-- in it may let somebody in, and goes when the last message has expired.
CREATE TABLE notifications (
    id             BLOB    PRIMARY KEY,
    environment_id BLOB    NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    application_id BLOB    NOT NULL,
    event          TEXT    NOT NULL,
    source         TEXT    NOT NULL,
    outcome        TEXT    NOT NULL,
    reason         TEXT,
    locale         TEXT,
    sealed_data    BLOB,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX notifications_by_environment ON notifications (environment_id, id);
CREATE INDEX notifications_with_sealed_data ON notifications (expires_at) WHERE sealed_data IS NOT NULL;

-- Whom it concerns, in the order of the request. A suppressed one has recipients too, and no messages.
CREATE TABLE notification_recipients (
    notification_id  BLOB    NOT NULL REFERENCES notifications (id) ON DELETE CASCADE,
    number           INTEGER NOT NULL,
    recipient        TEXT    NOT NULL,
    recipient_key    TEXT    NOT NULL,
    masked_recipient TEXT    NOT NULL,
    message_id       BLOB,
    PRIMARY KEY (notification_id, number)
) STRICT;

-- How many a recipient has had. The window begins with the first one counted in it.
CREATE TABLE notification_counters (
    environment_id BLOB    NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    recipient_key  TEXT    NOT NULL,
    day_started_at INTEGER NOT NULL,
    day_sends      INTEGER NOT NULL,
    PRIMARY KEY (environment_id, recipient_key)
) STRICT;
CREATE INDEX notification_counters_by_age ON notification_counters (day_started_at);

-- A message carries the code of a verification or the words of a notification, whose event is then its purpose. No statement
-- takes a NOT NULL from a column, so the column is made anew.
ALTER TABLE messages RENAME COLUMN verification_id TO former_verification_id;
ALTER TABLE messages ADD COLUMN verification_id BLOB;
UPDATE messages SET verification_id = former_verification_id;
ALTER TABLE messages DROP COLUMN former_verification_id;
ALTER TABLE messages ADD COLUMN notification_id BLOB;

-- Notifications: emails of authentication that carry no code. Not the hot path, so they may refer to their environment.

-- What was asked for and what was decided. An id sorts by its time of making. What the email says is sealed, because a link
-- in it may let somebody in, and goes when the last message has expired.
CREATE TABLE notifications (
    id             uuid        PRIMARY KEY,
    environment_id uuid        NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    application_id uuid        NOT NULL,
    event          text        NOT NULL,
    source         text        NOT NULL,
    outcome        text        NOT NULL,
    reason         text,
    locale         text,
    sealed_data    bytea,
    created_at     timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL
);
CREATE INDEX notifications_by_environment ON notifications (environment_id, id);
CREATE INDEX notifications_with_sealed_data ON notifications (expires_at) WHERE sealed_data IS NOT NULL;

-- Whom it concerns, in the order of the request. A suppressed one has recipients too, and no messages.
CREATE TABLE notification_recipients (
    notification_id  uuid     NOT NULL REFERENCES notifications (id) ON DELETE CASCADE,
    number           smallint NOT NULL,
    recipient        text     NOT NULL,
    recipient_key    text     NOT NULL,
    masked_recipient text     NOT NULL,
    message_id       uuid,
    PRIMARY KEY (notification_id, number)
);

-- How many a recipient has had. The window begins with the first one counted in it.
CREATE TABLE notification_counters (
    environment_id uuid        NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    recipient_key  text        NOT NULL,
    day_started_at timestamptz NOT NULL,
    day_sends      integer     NOT NULL,
    PRIMARY KEY (environment_id, recipient_key)
);
CREATE INDEX notification_counters_by_age ON notification_counters (day_started_at);

-- A message carries the code of a verification or the words of a notification, whose event is then its purpose.
ALTER TABLE messages ALTER COLUMN verification_id DROP NOT NULL;
ALTER TABLE messages ADD COLUMN notification_id uuid;

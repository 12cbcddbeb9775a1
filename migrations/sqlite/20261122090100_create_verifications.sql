-- The hot path. No foreign keys here: each would lock a row that all sends share, and the directory's ids are
-- checked against the snapshot in memory before a statement runs.

-- A verification with its code. What an answer needs is here, so that no operation reads a second table for it
-- but the newest message, which is found by its key.
CREATE TABLE verifications (
    id               BLOB          PRIMARY KEY,
    environment_id   BLOB          NOT NULL,
    application_id   BLOB          NOT NULL,
    connection_id    BLOB          NOT NULL,
    message_id       BLOB          NOT NULL,
    purpose          TEXT          NOT NULL,
    channel          TEXT          NOT NULL,
    recipient        TEXT          NOT NULL,
    recipient_key    TEXT          NOT NULL,
    masked_recipient TEXT          NOT NULL,
    locale           TEXT,
    ip_key           TEXT,
    code_key_id      INTEGER       NOT NULL,
    code_mac         BLOB         NOT NULL,
    code_digits      INTEGER      NOT NULL,
    sealed_code      BLOB,
    max_guesses      INTEGER      NOT NULL,
    wrong_guesses    INTEGER      NOT NULL DEFAULT 0 CHECK (wrong_guesses <= max_guesses),
    guessed_at       TEXT NOT NULL DEFAULT '[]',
    max_sends        INTEGER      NOT NULL,
    sends            INTEGER      NOT NULL DEFAULT 1 CHECK (sends <= max_sends),
    created_at       INTEGER   NOT NULL,
    expires_at       INTEGER   NOT NULL,
    resend_at        INTEGER   NOT NULL,
    verified_at      INTEGER,
    canceled_at      INTEGER
) STRICT;
-- Old rows are found through their messages, whose ids sort by age, so that an issue keeps no index on age up to date.
CREATE INDEX verifications_with_sealed_code ON verifications (expires_at) WHERE sealed_code IS NOT NULL;

-- What a recipient has had and tried. Windows begin with the first event counted in them.
CREATE TABLE recipients (
    environment_id BLOB        NOT NULL,
    recipient_key  TEXT        NOT NULL,
    hour_started_at    INTEGER NOT NULL,
    hour_sends         INTEGER     NOT NULL,
    day_started_at     INTEGER NOT NULL,
    day_sends          INTEGER     NOT NULL,
    guesses_started_at INTEGER NOT NULL,
    wrong_guesses      INTEGER     NOT NULL,
    touched_at         INTEGER NOT NULL,
    PRIMARY KEY (environment_id, recipient_key)
) STRICT;
CREATE INDEX recipients_by_age ON recipients (day_started_at);

-- What an end user's address (or /64) has asked for within its hour.
CREATE TABLE end_user_addresses (
    environment_id  BLOB        NOT NULL,
    ip_key          TEXT        NOT NULL,
    hour_started_at INTEGER NOT NULL,
    hour_sends      INTEGER     NOT NULL,
    PRIMARY KEY (environment_id, ip_key)
) STRICT;
CREATE INDEX end_user_addresses_by_age ON end_user_addresses (hour_started_at);

-- Counters by environment and calendar month: the test quota, the fallback.
CREATE TABLE monthly_counters (
    environment_id BLOB        NOT NULL,
    counter        TEXT        NOT NULL,
    month          INTEGER NOT NULL,
    used           INTEGER     NOT NULL,
    PRIMARY KEY (environment_id, counter, month)
) STRICT;

-- A message's id sorts by its time of making.
CREATE TABLE messages (
    id                  BLOB        PRIMARY KEY,
    environment_id      BLOB        NOT NULL,
    application_id      BLOB        NOT NULL,
    verification_id     BLOB        NOT NULL,
    channel             TEXT        NOT NULL,
    purpose             TEXT        NOT NULL,
    masked_recipient    TEXT        NOT NULL,
    status              TEXT        NOT NULL,
    provider            TEXT,
    fallback            INTEGER     NOT NULL DEFAULT 0,
    error_code          TEXT,
    error_detail        TEXT,
    provider_message_id TEXT,
    decision            TEXT       NOT NULL,
    quota_month         INTEGER,
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL
) STRICT;
CREATE INDEX messages_by_environment ON messages (environment_id, id);

CREATE TABLE attempts (
    message_id          BLOB        NOT NULL,
    number              INTEGER    NOT NULL,
    id                  BLOB        NOT NULL,
    provider            TEXT        NOT NULL,
    outcome             TEXT        NOT NULL,
    provider_code       TEXT,
    detail              TEXT,
    provider_message_id TEXT,
    started_at          INTEGER NOT NULL,
    finished_at         INTEGER NOT NULL,
    PRIMARY KEY (message_id, number)
) STRICT;

-- Messages that are committed and not yet settled. A lease is a due time in the future with a token; rows go when
-- their message is settled, so the table stays as small as what is under way.
CREATE TABLE outbox (
    message_id  BLOB        PRIMARY KEY,
    due_at      INTEGER NOT NULL,
    lease_token BLOB,
    attempts    INTEGER    NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX outbox_by_due_time ON outbox (due_at);

CREATE TABLE idempotency_keys (
    application_id BLOB        NOT NULL,
    key_hash       BLOB       NOT NULL,
    fingerprint    BLOB       NOT NULL,
    resource_id    BLOB        NOT NULL,
    owner          BLOB        NOT NULL,
    busy_until     INTEGER NOT NULL,
    status         INTEGER,
    location       TEXT,
    body           TEXT,
    expires_at     INTEGER NOT NULL,
    PRIMARY KEY (application_id, key_hash)
) STRICT;
CREATE INDEX idempotency_keys_by_end ON idempotency_keys (expires_at);

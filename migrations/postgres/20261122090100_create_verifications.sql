-- The hot path. No foreign keys here: each would lock a row that all sends share, and the directory's ids are
-- checked against the snapshot in memory before a statement runs.

-- A verification with its code. What an answer needs is here, so that no operation reads a second table for it
-- but the newest message, which is found by its key. No CHECK constraints: Postgres reads each of them anew from its text
-- for every statement that writes, which cost a quarter of the issues a second; the statements themselves count no further.
CREATE TABLE verifications (
    id               uuid          PRIMARY KEY,
    environment_id   uuid          NOT NULL,
    application_id   uuid          NOT NULL,
    connection_id    uuid          NOT NULL,
    message_id       uuid          NOT NULL,
    purpose          text          NOT NULL,
    channel          text          NOT NULL,
    recipient        text          NOT NULL,
    recipient_key    text          NOT NULL,
    masked_recipient text          NOT NULL,
    locale           text,
    ip_key           text,
    code_key_id      integer       NOT NULL,
    code_mac         bytea         NOT NULL,
    code_digits      smallint      NOT NULL,
    sealed_code      bytea,
    max_guesses      smallint      NOT NULL,
    wrong_guesses    smallint      NOT NULL DEFAULT 0,
    guessed_at       timestamptz[] NOT NULL DEFAULT '{}',
    max_sends        smallint      NOT NULL,
    sends            smallint      NOT NULL DEFAULT 1,
    created_at       timestamptz   NOT NULL,
    expires_at       timestamptz   NOT NULL,
    resend_at        timestamptz   NOT NULL,
    verified_at      timestamptz,
    canceled_at      timestamptz
) WITH (fillfactor = 85);
-- Old rows are found through their messages, whose ids sort by age, so that an issue keeps no index on age up to date.
CREATE INDEX verifications_with_sealed_code ON verifications (expires_at) WHERE sealed_code IS NOT NULL;

-- What a recipient has had and tried. Windows begin with the first event counted in them.
CREATE TABLE recipients (
    environment_id uuid        NOT NULL,
    recipient_key  text        NOT NULL,
    hour_started_at    timestamptz NOT NULL,
    hour_sends         integer     NOT NULL,
    day_started_at     timestamptz NOT NULL,
    day_sends          integer     NOT NULL,
    guesses_started_at timestamptz NOT NULL,
    wrong_guesses      integer     NOT NULL,
    touched_at         timestamptz NOT NULL,
    PRIMARY KEY (environment_id, recipient_key)
) WITH (fillfactor = 80);

-- What an end user's address (or /64) has asked for within its hour.
CREATE TABLE end_user_addresses (
    environment_id  uuid        NOT NULL,
    ip_key          text        NOT NULL,
    hour_started_at timestamptz NOT NULL,
    hour_sends      integer     NOT NULL,
    PRIMARY KEY (environment_id, ip_key)
) WITH (fillfactor = 80);

-- Counters by environment and calendar month: the test quota, the fallback.
CREATE TABLE monthly_counters (
    environment_id uuid        NOT NULL,
    counter        text        NOT NULL,
    month          timestamptz NOT NULL,
    used           integer     NOT NULL,
    PRIMARY KEY (environment_id, counter, month)
) WITH (fillfactor = 50);

-- A message's id sorts by its time of making.
CREATE TABLE messages (
    id                  uuid        PRIMARY KEY,
    environment_id      uuid        NOT NULL,
    application_id      uuid        NOT NULL,
    verification_id     uuid        NOT NULL,
    channel             text        NOT NULL,
    purpose             text        NOT NULL,
    masked_recipient    text        NOT NULL,
    status              text        NOT NULL,
    provider            text,
    fallback            boolean     NOT NULL DEFAULT false,
    error_code          text,
    error_detail        text,
    provider_message_id text,
    decision            jsonb       NOT NULL,
    quota_month         timestamptz,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX messages_by_environment ON messages (environment_id, id);

CREATE TABLE attempts (
    message_id          uuid        NOT NULL,
    number              smallint    NOT NULL,
    id                  uuid        NOT NULL,
    provider            text        NOT NULL,
    outcome             text        NOT NULL,
    provider_code       text,
    detail              text,
    provider_message_id text,
    started_at          timestamptz NOT NULL,
    finished_at         timestamptz NOT NULL,
    PRIMARY KEY (message_id, number)
);

-- Messages that are committed and not yet settled. A lease is a due time in the future with a token; rows go when
-- their message is settled, so the table stays as small as what is under way.
CREATE TABLE outbox (
    message_id  uuid        PRIMARY KEY,
    due_at      timestamptz NOT NULL,
    lease_token uuid,
    attempts    smallint    NOT NULL DEFAULT 0
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
CREATE INDEX outbox_by_due_time ON outbox (due_at);

CREATE TABLE idempotency_keys (
    application_id uuid        NOT NULL,
    key_hash       bytea       NOT NULL,
    fingerprint    bytea       NOT NULL,
    resource_id    uuid        NOT NULL,
    owner          uuid        NOT NULL,
    busy_until     timestamptz NOT NULL,
    status         smallint,
    location       text,
    body           text,
    expires_at     timestamptz NOT NULL,
    PRIMARY KEY (application_id, key_hash)
);
CREATE INDEX idempotency_keys_by_end ON idempotency_keys (expires_at);

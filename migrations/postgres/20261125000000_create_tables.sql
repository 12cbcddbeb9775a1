-- The directory: what administrators say. Few rows, held in memory by every process.

-- One row. Every change of the directory raises the revision in its own transaction, under this row's lock, so that revisions
-- become visible in their order; processes poll it.
CREATE TABLE installation (
    id                smallint PRIMARY KEY CHECK (id = 1),
    revision          bigint   NOT NULL,
    -- The check value of the key that keyed hashes are made under, so that a keys file with another one is found at start. Null
    -- until a process has brought its keys.
    index_fingerprint bytea
);
INSERT INTO installation (id, revision) VALUES (1, 1);

-- Check values of the key generations that codes and secrets were written under. The keys are elsewhere.
CREATE TABLE key_generations (
    key_id        integer     PRIMARY KEY,
    fingerprint   bytea       NOT NULL,
    first_seen_at timestamptz NOT NULL
);

-- Environments, connections, applications, keys and settings: a JSON document each, its secrets sealed inside. What stands in a
-- document of which kind is for the service to know.
CREATE TABLE records (
    kind           text        NOT NULL,
    -- Of the environment for its settings.
    id             uuid        NOT NULL,
    -- Null for what belongs to the whole installation.
    environment_id uuid,
    -- Null when the record was removed. The row stays for a while, so that a process that reads what is newer learns of it.
    document       jsonb,
    -- What no other record may have: an environment's code, the hash of a key.
    unique_name    text        CONSTRAINT records_unique_name UNIQUE,
    -- The installation's, as of the last change.
    revision       bigint      NOT NULL,
    written_at     timestamptz NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX records_by_revision ON records (revision);
CREATE INDEX records_by_environment ON records (environment_id);
CREATE INDEX records_removed ON records (written_at) WHERE document IS NULL;

-- When API keys were last used, to about a minute.
CREATE TABLE key_uses (
    key_id       uuid        PRIMARY KEY,
    last_used_at timestamptz NOT NULL
) WITH (fillfactor = 80);

-- Append-only. No reference to the environment: the entry of its removal outlives it.
CREATE TABLE audit_entries (
    id             uuid        PRIMARY KEY,
    environment_id uuid,
    key_id         uuid,
    key_name       text,
    action         text        NOT NULL,
    target         text        NOT NULL,
    changes        jsonb       NOT NULL,
    remote_address text,
    at             timestamptz NOT NULL
);
-- By the bytes of the id, in whose order nothing but this index has the entries: an environment with few of them is then never looked
-- for along the primary key, through those of all others.
CREATE INDEX audit_entries_by_environment ON audit_entries (environment_id, uuid_send(id));
-- An entry of the audit log stays as it was written. Whoever must remove some, by law or by order, has to disable the trigger
-- knowingly (`ALTER TABLE audit_entries DISABLE TRIGGER audit_entries_stay`); the service never does.
CREATE FUNCTION refuse_to_change_audit_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit entries are append-only';
END
$$;
CREATE TRIGGER audit_entries_stay BEFORE UPDATE OR DELETE ON audit_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_to_change_audit_entries();

-- Environments and applications that were removed. What they leave in tables that grow without end goes in batches, and after a
-- while, when no process can make anything for them any more, goes once again; then the row here goes too.
CREATE TABLE removals (
    owner_id   uuid        PRIMARY KEY,
    removed_at timestamptz NOT NULL,
    due_at     timestamptz NOT NULL
);
CREATE INDEX removals_by_due_time ON removals (due_at, owner_id);

-- The hot path. No foreign keys here: each would lock a row that all sends share, and the directory's ids are
-- checked against the snapshot in memory before a statement runs.

-- A verification with its code. What an answer needs is here, so that no operation reads a second table for it
-- but the newest message, which is found by its key. No CHECK constraints: Postgres reads each of them anew from its text
-- for every statement that writes, which cost a quarter of the issues a second; the statements themselves count no further.
-- The id of a verification that was made under an Idempotency-Key is the keyed hash of that key, so the primary key makes it once.
-- No index names any column that a resend or a guess changes, so that those stay HOT updates.
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
    canceled_at      timestamptz,
    -- Keyed hash, of 128 bits like the others here, of the body it was made with; null where it was made without a key.
    body_hash        bytea,
    -- The resends under a key, at most `max_sends`: hash of the key, hash of the body, id of the message, 16 bytes each, one after
    -- the other.
    keyed_resends    bytea,
    -- The right guess, where it was made under a key.
    verify_key_hash  bytea,
    verify_body_hash bytea
) WITH (fillfactor = 85);
-- Old rows are found through their messages, whose ids sort by age, so that an issue keeps no index on age up to date.
CREATE INDEX verifications_with_sealed_code ON verifications (expires_at) WHERE sealed_code IS NOT NULL;

-- What a recipient has had and tried. Windows begin with the first event counted in them.
CREATE TABLE recipients (
    environment_id     uuid        NOT NULL,
    recipient_key      text        NOT NULL,
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

-- A message carries the code of a verification or the words of a notification, whose event is then its purpose. Its id sorts by
-- its time of making.
CREATE TABLE messages (
    id                  uuid        PRIMARY KEY,
    environment_id      uuid        NOT NULL,
    application_id      uuid        NOT NULL,
    verification_id     uuid,
    notification_id     uuid,
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
    -- When it was taken over from a process that died with it unsettled: from then on it may have been sent twice.
    taken_over_at       timestamptz,
    -- For the search: the recipient as limits are counted by, because not every message has a verification.
    recipient_key       text        COLLATE "C",
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL
) WITH (fillfactor = 80);
-- Every list of messages is a walk along an index, whatever it is filtered by: one without a filter merges the few ranges of
-- all channels and states. It has the bytes of the id, in whose order nothing else has the messages: what matches rarely is then
-- never looked for along the primary key.
CREATE INDEX messages_by_state ON messages (environment_id, channel, status, uuid_send(id));
CREATE INDEX messages_by_recipient ON messages (environment_id, recipient_key, uuid_send(id));

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
-- their message is settled, so the table stays as small as what is under way. Whoever looks for what is due of one queue does not
-- walk over what waits in the others.
CREATE TABLE outbox (
    message_id  uuid        PRIMARY KEY,
    queue       text        NOT NULL,
    due_at      timestamptz NOT NULL,
    lease_token uuid,
    attempts    smallint    NOT NULL DEFAULT 0
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
CREATE INDEX outbox_by_due_time ON outbox (queue, due_at);

-- Emails of authentication that carry no code.

-- What was asked for and what was decided. An id sorts by its time of making. What the email says is sealed, because a link
-- in it may let somebody in, and goes when the last message has expired.
CREATE TABLE notifications (
    id             uuid        PRIMARY KEY,
    environment_id uuid        NOT NULL,
    application_id uuid        NOT NULL,
    event          text        NOT NULL,
    source         text        NOT NULL,
    outcome        text        NOT NULL,
    reason         text,
    locale         text,
    sealed_data    bytea,
    -- Keyed hashes of the Idempotency-Key and the body; null where it was made without a key.
    key_hash       bytea,
    body_hash      bytea,
    created_at     timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL
);
CREATE INDEX notifications_by_environment ON notifications (environment_id, id);
CREATE INDEX notifications_with_sealed_data ON notifications (expires_at) WHERE sealed_data IS NOT NULL;
CREATE UNIQUE INDEX notifications_by_key ON notifications (key_hash) WHERE key_hash IS NOT NULL;

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
    environment_id uuid        NOT NULL,
    recipient_key  text        NOT NULL,
    day_started_at timestamptz NOT NULL,
    day_sends      integer     NOT NULL,
    PRIMARY KEY (environment_id, recipient_key)
);
CREATE INDEX notification_counters_by_age ON notification_counters (day_started_at);

-- How many test messages of its settings an environment has sent in its present minute. One row per environment.
CREATE TABLE test_message_windows (
    environment_id    uuid        PRIMARY KEY,
    minute_started_at timestamptz NOT NULL,
    sends             integer     NOT NULL
);

-- One row, written only while every other write fails, to see whether that is still so. It stays as large as it is, so that
-- writing it needs a page of its own.
CREATE TABLE write_probes (
    id     smallint PRIMARY KEY CHECK (id = 1),
    filler text     NOT NULL
);
ALTER TABLE write_probes ALTER COLUMN filler SET STORAGE PLAIN;

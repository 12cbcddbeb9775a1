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
-- checked against the snapshot in memory before a statement runs. No CHECK constraints: Postgres reads each of them anew from its
-- text for every statement that writes, which cost a quarter of the issues a second; the statements themselves count no further.
--
-- No index names a column that a common update changes, in its columns or in its predicate, so that each of those stays a HOT
-- update: a guess, a resend, and the outcome of a message that a provider takes at once. What such an update changes comes last in its row, because
-- the log then holds little but that.
--
-- Recipients are sealed and bound to their row. What they are found and counted by is a keyed hash of 128 bits under a key outside the
-- database, and so are the end users' addresses. What figures and filters need stands beside the seal in clear.

-- A verification with its code. What an answer needs is here, so that no operation reads a second table for it
-- but the newest message, which is found by its key. The id of a verification that was made under an Idempotency-Key is the keyed
-- hash of that key, so the primary key makes it once. Old rows are found through their messages, whose ids sort by age.
CREATE TABLE verifications (
    id               uuid          PRIMARY KEY,
    environment_id   uuid          NOT NULL,
    application_id   uuid          NOT NULL,
    connection_id    uuid          NOT NULL,
    created_at       timestamptz   NOT NULL,
    expires_at       timestamptz   NOT NULL,
    -- The generation of keys that the code was hashed under, and the code and the recipient sealed.
    code_key_id      integer       NOT NULL,
    code_digits      smallint      NOT NULL,
    max_guesses      smallint      NOT NULL,
    max_sends        smallint      NOT NULL,
    code_mac         bytea         NOT NULL,
    recipient_key    bytea         NOT NULL,
    sealed_recipient bytea         NOT NULL,
    ip_key           bytea,
    -- Keyed hash of the body it was made with; null where it was made without an Idempotency-Key.
    body_hash        bytea,
    purpose          text          NOT NULL,
    channel          text          NOT NULL,
    country          text,
    locale           text,
    masked_recipient text          NOT NULL,
    message_id       uuid          NOT NULL,
    resend_at        timestamptz   NOT NULL,
    sends            smallint      NOT NULL DEFAULT 1,
    wrong_guesses    smallint      NOT NULL DEFAULT 0,
    verified_at      timestamptz,
    canceled_at      timestamptz,
    sealed_code      bytea,
    guessed_at       timestamptz[],
    -- The resends under a key, at most `max_sends`: hash of the key, hash of the body, id of the message, 16 bytes each, one after
    -- the other.
    keyed_resends    bytea,
    -- The right guess, where it was made under a key.
    verify_key_hash  bytea,
    verify_body_hash bytea
) WITH (fillfactor = 70);

-- When codes die that were made together: then their sealed copies are wiped, and the row goes. So neither an issue nor a right guess
-- keeps an index on that up to date.
CREATE TABLE expiries (
    due_at           timestamptz NOT NULL,
    id               bigint      GENERATED ALWAYS AS IDENTITY,
    verification_ids uuid[]      NOT NULL,
    PRIMARY KEY (due_at, id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- What is counted of a recipient or of an end user's address (or /64), by the keyed hash of either. Windows begin with the first
-- event counted in them. A row is needed until all of them have ended.
CREATE TABLE limit_counters (
    key                bytea       PRIMARY KEY,
    hour_started_at    timestamptz NOT NULL,
    day_started_at     timestamptz NOT NULL,
    guesses_started_at timestamptz NOT NULL,
    hour_sends         integer     NOT NULL,
    day_sends          integer     NOT NULL,
    wrong_guesses      integer     NOT NULL
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
-- its time of making. As long as it is `queued`, it is to be sent: `due_at` is when anybody may take it, and a lease is nothing but a due
-- time in the future with a token.
--
-- The outcomes of messages that were made together come together as well, a moment later and in one transaction. The room for their new
-- versions must be in their pages then, or each costs an entry in every index: 750 bytes of log in place of 200. A row of some 230
-- bytes becomes one of 440.
CREATE TABLE messages (
    id                  uuid        PRIMARY KEY,
    environment_id      uuid        NOT NULL,
    application_id      uuid        NOT NULL,
    verification_id     uuid,
    notification_id     uuid,
    created_at          timestamptz NOT NULL,
    -- For the search and for opt-outs: the recipient as limits are counted by.
    recipient_key       bytea       NOT NULL,
    channel             text        NOT NULL,
    purpose             text        NOT NULL,
    country             text,
    -- The language that it is written in.
    language            text        NOT NULL,
    masked_recipient    text        NOT NULL,
    -- A JSON object.
    decision            text        NOT NULL,
    -- The status again where it is a rare one; null as long as all goes well, and so no matter for the common update.
    rare_status         text,
    quota_month         timestamptz,
    updated_at          timestamptz NOT NULL,
    due_at              timestamptz,
    lease_token         uuid,
    -- When it was taken over from a process that died with it unsettled: from then on it may have been sent twice.
    taken_over_at       timestamptz,
    status              text        NOT NULL,
    provider            text,
    fallback            boolean     NOT NULL DEFAULT false,
    provider_message_id text,
    error_code          text,
    error_detail        text,
    -- A JSON array for each, one on each line.
    attempts            text        NOT NULL DEFAULT ''
) WITH (fillfactor = 32);
-- Every list of messages is a walk along an index, whatever it is filtered by: one without a filter merges the few ranges of
-- all channels and rare states. It has the bytes of the id, in whose order nothing else has the messages: what matches rarely is then
-- never looked for along the primary key.
CREATE INDEX messages_by_state ON messages (environment_id, channel, coalesce(rare_status, ''), uuid_send(id));
CREATE INDEX messages_by_recipient ON messages (recipient_key, uuid_send(id));

-- When queued messages are to be looked at. There is an entry for the due time of each; those that were made together share one. What its
-- messages have become stands with them, so that a message that is settled in time costs nothing here. Whoever looks for
-- what is due of one queue does not walk over what waits in the others.
CREATE TABLE outbox (
    queue       text        NOT NULL,
    due_at      timestamptz NOT NULL,
    id          bigint      GENERATED ALWAYS AS IDENTITY,
    message_ids uuid[]      NOT NULL,
    PRIMARY KEY (queue, due_at, id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- What a batch is given to its statement as: an array of one of these types is one parameter and one `unnest`, where an array for each
-- column costs the server three times as much. A process knows the attributes by their places, so that a type never changes once it is
-- released: a statement that needs another one gets a type of another name.

CREATE TYPE new_message AS (
    message_id      uuid,
    language        text,
    decision        text,
    lease_token     uuid,
    lease_until     timestamptz,
    per_hour        integer,
    per_day         integer,
    ip_per_hour     integer,
    guesses_per_day integer,
    quota_counter   text,
    quota_month     timestamptz,
    quota_limit     integer
);

CREATE TYPE new_verification AS (
    id               uuid,
    environment_id   uuid,
    application_id   uuid,
    connection_id    uuid,
    created_at       timestamptz,
    expires_at       timestamptz,
    resend_at        timestamptz,
    code_key_id      integer,
    code_digits      smallint,
    max_guesses      smallint,
    max_sends        smallint,
    code_mac         bytea,
    sealed_code      bytea,
    recipient_key    bytea,
    sealed_recipient bytea,
    masked_recipient text,
    ip_key           bytea,
    body_hash        bytea,
    purpose          text,
    channel          text,
    country          text,
    locale           text
);

-- The places that sends take together in one counter of an hour and a day, and how many there may be.
CREATE TYPE counted_sends AS (
    key             bytea,
    at              timestamptz,
    hour_sends      integer,
    day_sends       integer,
    per_hour        integer,
    per_day         integer,
    guesses_per_day integer
);

-- The same of a monthly counter.
CREATE TYPE counted_quota AS (
    environment_id uuid,
    counter        text,
    month          timestamptz,
    sends          integer,
    quota_limit    integer
);

-- What falls due together. The queue only where there are several.
CREATE TYPE due AS (
    queue  text,
    due_at timestamptz,
    ids    uuid[]
);

CREATE TYPE new_send AS (
    id                  uuid,
    application_id      uuid,
    enabled_connections uuid[],
    now                 timestamptz,
    resend_ats          timestamptz[],
    key_hash            bytea,
    keyed_resend        bytea
);

CREATE TYPE guess AS (
    id                  uuid,
    application_id      uuid,
    asked_purpose       text,
    asked_connection_id uuid,
    enabled_connections uuid[],
    now                 timestamptz,
    guesses_per_day     integer,
    digits              smallint,
    generations         integer[],
    -- The generation in four bytes and the keyed hash of the code.
    candidates          bytea[],
    key_hash            bytea,
    body_hash           bytea
);

CREATE TYPE settlement AS (
    id                  uuid,
    token               uuid,
    status              text,
    is_rare             boolean,
    provider            text,
    fallback            boolean,
    provider_message_id text,
    error_code          text,
    error_detail        text,
    due_at              timestamptz,
    keeps_lease         boolean,
    attempt             text,
    now                 timestamptz
);

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
    -- What its messages are found by, and what they are counted by.
    recipient_key    bytea    NOT NULL,
    limit_key        bytea    NOT NULL,
    sealed_recipient bytea    NOT NULL,
    masked_recipient text     NOT NULL,
    message_id       uuid,
    PRIMARY KEY (notification_id, number)
);

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

-- The directory: what administrators say. Few rows, held in memory by every process.

-- One row. Every change of the directory raises the revision in its own transaction; processes poll it.
CREATE TABLE installation (
    id                INTEGER PRIMARY KEY CHECK (id = 1),
    revision          INTEGER NOT NULL,
    -- The check value of the key that keyed hashes are made under, so that a keys file with another one is found at start. Null
    -- until a process has brought its keys.
    index_fingerprint BLOB
) STRICT;
INSERT INTO installation (id, revision) VALUES (1, 1);

-- Check values of the key generations that codes and secrets were written under. The keys are elsewhere.
CREATE TABLE key_generations (
    key_id        INTEGER PRIMARY KEY,
    fingerprint   BLOB    NOT NULL,
    first_seen_at INTEGER NOT NULL
) STRICT;

-- Environments, connections, applications, keys and settings: a JSON document each, its secrets sealed inside. What stands in a
-- document of which kind is for the service to know.
CREATE TABLE records (
    kind           TEXT    NOT NULL,
    -- Of the environment for its settings.
    id             BLOB    NOT NULL,
    -- Null for what belongs to the whole installation.
    environment_id BLOB,
    -- Null when the record was removed. The row stays for a while, so that a process that reads what is newer learns of it.
    document       TEXT,
    -- What no other record may have: an environment's code, the hash of a key.
    unique_name    TEXT    UNIQUE,
    -- The installation's, as of the last change.
    revision       INTEGER NOT NULL,
    written_at     INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT;
CREATE INDEX records_by_revision ON records (revision);
CREATE INDEX records_by_environment ON records (environment_id);
CREATE INDEX records_removed ON records (written_at) WHERE document IS NULL;

-- When API keys were last used, to about a minute.
CREATE TABLE key_uses (
    key_id       BLOB    PRIMARY KEY,
    last_used_at INTEGER NOT NULL
) STRICT;

-- Append-only. No reference to the environment: the entry of its removal outlives it.
CREATE TABLE audit_entries (
    id             BLOB    PRIMARY KEY,
    environment_id BLOB,
    key_id         BLOB,
    key_name       TEXT,
    action         TEXT    NOT NULL,
    target         TEXT    NOT NULL,
    changes        TEXT    NOT NULL,
    remote_address TEXT,
    at             INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_entries_by_environment ON audit_entries (environment_id, id);
-- An entry of the audit log stays as it was written. Whoever must remove some, by law or by order, has to drop a trigger
-- knowingly; the service never does.
CREATE TRIGGER audit_entries_are_not_changed BEFORE UPDATE ON audit_entries
BEGIN
    SELECT RAISE(ABORT, 'audit entries are append-only');
END;
CREATE TRIGGER audit_entries_are_not_removed BEFORE DELETE ON audit_entries
BEGIN
    SELECT RAISE(ABORT, 'audit entries are append-only');
END;
-- INSERT OR REPLACE removes the row that is in its way without asking the trigger above.
CREATE TRIGGER audit_entries_are_not_replaced BEFORE INSERT ON audit_entries
    WHEN EXISTS (SELECT 1 FROM audit_entries WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'audit entries are append-only');
END;

-- Environments and applications that were removed. What they leave in tables that grow without end goes in batches, and after a
-- while, when no process can make anything for them any more, goes once again; then the row here goes too.
CREATE TABLE removals (
    owner_id   BLOB    PRIMARY KEY,
    removed_at INTEGER NOT NULL,
    due_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX removals_by_due_time ON removals (due_at, owner_id);

-- The hot path. No foreign keys here, as with Postgres: the directory's ids are checked against the snapshot in memory before a
-- statement runs.
--
-- No index names a column that a common update changes, so that it writes the pages of one table alone.
--
-- Recipients are sealed and bound to their row. What they are found and counted by is a keyed hash of 128 bits under a key outside the
-- database, and so are the end users' addresses. What figures and filters need stands beside the seal in clear.

-- A verification with its code. What an answer needs is here, so that no operation reads a second table for it
-- but the newest message, which is found by its key. The id of a verification that was made under an Idempotency-Key is the keyed
-- hash of that key, so the primary key makes it once. Old rows are found through their messages, whose ids sort by age.
CREATE TABLE verifications (
    id               BLOB    PRIMARY KEY,
    environment_id   BLOB    NOT NULL,
    application_id   BLOB    NOT NULL,
    connection_id    BLOB    NOT NULL,
    created_at       INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    -- The generation of keys that the code was hashed under, and the code and the recipient sealed.
    code_key_id      INTEGER NOT NULL,
    code_digits      INTEGER NOT NULL,
    max_guesses      INTEGER NOT NULL,
    max_sends        INTEGER NOT NULL,
    code_mac         BLOB    NOT NULL,
    recipient_key    BLOB    NOT NULL,
    sealed_recipient BLOB    NOT NULL,
    ip_key           BLOB,
    -- Keyed hash of the body it was made with; null where it was made without an Idempotency-Key.
    body_hash        BLOB,
    purpose          TEXT    NOT NULL,
    channel          TEXT    NOT NULL,
    country          TEXT,
    locale           TEXT,
    masked_recipient TEXT    NOT NULL,
    message_id       BLOB    NOT NULL,
    resend_at        INTEGER NOT NULL,
    sends            INTEGER NOT NULL DEFAULT 1,
    wrong_guesses    INTEGER NOT NULL DEFAULT 0,
    verified_at      INTEGER,
    canceled_at      INTEGER,
    sealed_code      BLOB,
    -- A JSON array of microseconds.
    guessed_at       TEXT,
    -- The resends under a key, at most `max_sends`: hash of the key, hash of the body, id of the message, 16 bytes each, one after
    -- the other.
    keyed_resends    BLOB,
    -- The right guess, where it was made under a key.
    verify_key_hash  BLOB,
    verify_body_hash BLOB
) STRICT;

-- When codes die that were made together: then their sealed copies are wiped, and the row goes. So neither an issue nor a right guess
-- keeps an index on that up to date.
CREATE TABLE expiries (
    id               INTEGER PRIMARY KEY,
    due_at           INTEGER NOT NULL,
    -- 16 bytes each, one after the other.
    verification_ids BLOB    NOT NULL
) STRICT;
CREATE INDEX expiries_by_due_time ON expiries (due_at);

-- What is counted of a recipient or of an end user's address (or /64), by the keyed hash of either. Windows begin with the first
-- event counted in them. A row is needed until all of them have ended. The key is random, so that without a rowid a send changes one
-- page here and not two.
CREATE TABLE limit_counters (
    key                BLOB    PRIMARY KEY,
    hour_started_at    INTEGER NOT NULL,
    day_started_at     INTEGER NOT NULL,
    guesses_started_at INTEGER NOT NULL,
    hour_sends         INTEGER NOT NULL,
    day_sends          INTEGER NOT NULL,
    wrong_guesses      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Counters by environment and calendar month: the test quota, the fallback.
CREATE TABLE monthly_counters (
    environment_id BLOB    NOT NULL,
    counter        TEXT    NOT NULL,
    month          INTEGER NOT NULL,
    used           INTEGER NOT NULL,
    PRIMARY KEY (environment_id, counter, month)
) STRICT;

-- A message carries the code of a verification or the words of a notification, whose event is then its purpose. Its id sorts by
-- its time of making. As long as it is `queued`, it is to be sent: `due_at` is when anybody may take it, and a lease is nothing but a due
-- time in the future with a token.
CREATE TABLE messages (
    id                  BLOB    PRIMARY KEY,
    environment_id      BLOB    NOT NULL,
    application_id      BLOB    NOT NULL,
    verification_id     BLOB,
    notification_id     BLOB,
    created_at          INTEGER NOT NULL,
    -- For the search and for opt-outs: the recipient as limits are counted by.
    recipient_key       BLOB    NOT NULL,
    channel             TEXT    NOT NULL,
    purpose             TEXT    NOT NULL,
    country             TEXT,
    -- The language that it is written in.
    language            TEXT    NOT NULL,
    masked_recipient    TEXT    NOT NULL,
    -- A JSON object.
    decision            TEXT    NOT NULL,
    -- The status again where it is a rare one; null as long as all goes well, and so no matter for the common update.
    rare_status         TEXT,
    quota_month         INTEGER,
    updated_at          INTEGER NOT NULL,
    due_at              INTEGER,
    lease_token         BLOB,
    -- When it was taken over from a process that died with it unsettled: from then on it may have been sent twice.
    taken_over_at       INTEGER,
    status              TEXT    NOT NULL,
    provider            TEXT,
    fallback            INTEGER NOT NULL DEFAULT 0,
    provider_message_id TEXT,
    error_code          TEXT,
    error_detail        TEXT,
    -- A JSON array for each, one on each line.
    attempts            TEXT    NOT NULL DEFAULT ''
) STRICT;
-- Every list of messages is a walk along an index, whatever it is filtered by: one without a filter merges the few ranges of
-- all channels and rare states.
CREATE INDEX messages_by_state ON messages (environment_id, channel, rare_status, id);
CREATE INDEX messages_by_recipient ON messages (recipient_key, id);

-- When queued messages are to be looked at. There is an entry for the due time of each; those that were made together share one. What its
-- messages have become stands with them, so that a message that is settled in time costs nothing here. Whoever looks for
-- what is due of one queue does not walk over what waits in the others.
CREATE TABLE outbox (
    id          INTEGER PRIMARY KEY,
    queue       TEXT    NOT NULL,
    due_at      INTEGER NOT NULL,
    -- 16 bytes each, one after the other.
    message_ids BLOB    NOT NULL
) STRICT;
CREATE INDEX outbox_by_due_time ON outbox (queue, due_at);

-- Emails of authentication that carry no code.

-- What was asked for and what was decided. An id sorts by its time of making. What the email says is sealed, because a link
-- in it may let somebody in, and goes when the last message has expired.
CREATE TABLE notifications (
    id             BLOB    PRIMARY KEY,
    environment_id BLOB    NOT NULL,
    application_id BLOB    NOT NULL,
    event          TEXT    NOT NULL,
    source         TEXT    NOT NULL,
    outcome        TEXT    NOT NULL,
    reason         TEXT,
    locale         TEXT,
    sealed_data    BLOB,
    -- Keyed hashes of the Idempotency-Key and the body; null where it was made without a key.
    key_hash       BLOB,
    body_hash      BLOB,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX notifications_by_environment ON notifications (environment_id, id);
CREATE INDEX notifications_with_sealed_data ON notifications (expires_at) WHERE sealed_data IS NOT NULL;
CREATE UNIQUE INDEX notifications_by_key ON notifications (key_hash) WHERE key_hash IS NOT NULL;

-- Whom it concerns, in the order of the request. A suppressed one has recipients too, and no messages.
CREATE TABLE notification_recipients (
    notification_id  BLOB    NOT NULL REFERENCES notifications (id) ON DELETE CASCADE,
    number           INTEGER NOT NULL,
    -- What its messages are found by, and what they are counted by.
    recipient_key    BLOB    NOT NULL,
    limit_key        BLOB    NOT NULL,
    sealed_recipient BLOB    NOT NULL,
    masked_recipient TEXT    NOT NULL,
    message_id       BLOB,
    PRIMARY KEY (notification_id, number)
) STRICT;

-- How many test messages of its settings an environment has sent in its present minute. One row per environment.
CREATE TABLE test_message_windows (
    environment_id    BLOB    PRIMARY KEY,
    minute_started_at INTEGER NOT NULL,
    sends             INTEGER NOT NULL
) STRICT;

-- One row, written only while every other write fails, to see whether that is still so. It is larger than a page.
CREATE TABLE write_probes (
    id     INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    filler TEXT    NOT NULL
) STRICT;

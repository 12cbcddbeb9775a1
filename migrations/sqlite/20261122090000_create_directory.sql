-- The directory: few rows, changed by administrators, read whole into memory by every process.

-- One row. Every change of the directory raises the revision in its own transaction; processes poll it.
CREATE TABLE installation (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER   NOT NULL
) STRICT;
INSERT INTO installation (id, revision) VALUES (1, 1);

-- Check values of the key generations that codes and secrets were written under. The keys are elsewhere.
CREATE TABLE key_generations (
    key_id        INTEGER     PRIMARY KEY,
    fingerprint   BLOB       NOT NULL,
    first_seen_at INTEGER NOT NULL
) STRICT;

CREATE TABLE environments (
    id              BLOB        PRIMARY KEY,
    code            TEXT        NOT NULL CONSTRAINT environments_code_unique UNIQUE,
    name            TEXT        NOT NULL,
    business_name   TEXT        NOT NULL,
    business_url    TEXT        NOT NULL,
    default_country TEXT,
    default_locale  TEXT        NOT NULL,
    version         INTEGER      NOT NULL DEFAULT 1,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL
) STRICT;

CREATE TABLE connections (
    id             BLOB        PRIMARY KEY,
    environment_id BLOB        NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    strategy       TEXT        NOT NULL,
    name           TEXT        NOT NULL,
    created_at     INTEGER NOT NULL,
    CONSTRAINT connections_strategy_unique UNIQUE (environment_id, strategy)
) STRICT;

CREATE TABLE applications (
    id              BLOB        PRIMARY KEY,
    environment_id  BLOB        NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    name            TEXT        NOT NULL,
    autofill_domain TEXT,
    version         INTEGER      NOT NULL DEFAULT 1,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX applications_by_environment ON applications (environment_id, id);

CREATE TABLE application_connections (
    application_id BLOB NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    connection_id  BLOB NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    PRIMARY KEY (application_id, connection_id)
) STRICT;

-- An application's keys, and the administrators' where there is no application.
CREATE TABLE api_keys (
    id             BLOB        PRIMARY KEY,
    application_id BLOB        REFERENCES applications (id) ON DELETE CASCADE,
    name           TEXT        NOT NULL,
    prefix         TEXT        NOT NULL,
    last_four      TEXT        NOT NULL,
    hash           BLOB       NOT NULL CONSTRAINT api_keys_hash_unique UNIQUE,
    created_at     INTEGER NOT NULL,
    last_used_at   INTEGER,
    revoked_at     INTEGER
) STRICT;
CREATE INDEX api_keys_by_application ON api_keys (application_id, id);

-- One JSON document per kind, its secrets sealed inside.
CREATE TABLE settings (
    environment_id BLOB        NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    kind           TEXT        NOT NULL,
    document       TEXT       NOT NULL,
    version        INTEGER      NOT NULL DEFAULT 1,
    updated_at     INTEGER NOT NULL,
    PRIMARY KEY (environment_id, kind)
) STRICT;

-- Append-only. No reference to the environment: the entry of its removal outlives it.
CREATE TABLE audit_entries (
    id             BLOB        PRIMARY KEY,
    environment_id BLOB,
    key_id         BLOB,
    action         TEXT        NOT NULL,
    target         TEXT        NOT NULL,
    changes        TEXT       NOT NULL,
    remote_address TEXT,
    at             INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_entries_by_environment ON audit_entries (environment_id, id);

-- The directory: few rows, changed by administrators, read whole into memory by every process.

-- One row. Every change of the directory raises the revision in its own transaction; processes poll it.
CREATE TABLE installation (
    id       smallint PRIMARY KEY CHECK (id = 1),
    revision bigint   NOT NULL
);
INSERT INTO installation (id, revision) VALUES (1, 1);

-- Check values of the key generations that codes and secrets were written under. The keys are elsewhere.
CREATE TABLE key_generations (
    key_id        integer     PRIMARY KEY,
    fingerprint   bytea       NOT NULL,
    first_seen_at timestamptz NOT NULL
);

CREATE TABLE environments (
    id              uuid        PRIMARY KEY,
    code            text        NOT NULL CONSTRAINT environments_code_unique UNIQUE,
    name            text        NOT NULL,
    business_name   text        NOT NULL,
    business_url    text        NOT NULL,
    default_country text,
    default_locale  text        NOT NULL,
    version         bigint      NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL
);

CREATE TABLE connections (
    id             uuid        PRIMARY KEY,
    environment_id uuid        NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    strategy       text        NOT NULL,
    name           text        NOT NULL,
    created_at     timestamptz NOT NULL,
    CONSTRAINT connections_strategy_unique UNIQUE (environment_id, strategy)
);

CREATE TABLE applications (
    id              uuid        PRIMARY KEY,
    environment_id  uuid        NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    name            text        NOT NULL,
    autofill_domain text,
    version         bigint      NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL
);
CREATE INDEX applications_by_environment ON applications (environment_id, id);

CREATE TABLE application_connections (
    application_id uuid NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    connection_id  uuid NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    PRIMARY KEY (application_id, connection_id)
);

-- An application's keys, and the administrators' where there is no application.
CREATE TABLE api_keys (
    id             uuid        PRIMARY KEY,
    application_id uuid        REFERENCES applications (id) ON DELETE CASCADE,
    name           text        NOT NULL,
    prefix         text        NOT NULL,
    last_four      text        NOT NULL,
    hash           bytea       NOT NULL CONSTRAINT api_keys_hash_unique UNIQUE,
    created_at     timestamptz NOT NULL,
    last_used_at   timestamptz,
    revoked_at     timestamptz
);
CREATE INDEX api_keys_by_application ON api_keys (application_id, id);

-- One JSON document per kind, its secrets sealed inside.
CREATE TABLE settings (
    environment_id uuid        NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    kind           text        NOT NULL,
    document       jsonb       NOT NULL,
    version        bigint      NOT NULL DEFAULT 1,
    updated_at     timestamptz NOT NULL,
    PRIMARY KEY (environment_id, kind)
);

-- Append-only. No reference to the environment: the entry of its removal outlives it.
CREATE TABLE audit_entries (
    id             uuid        PRIMARY KEY,
    environment_id uuid,
    key_id         uuid,
    action         text        NOT NULL,
    target         text        NOT NULL,
    changes        jsonb       NOT NULL,
    remote_address text,
    at             timestamptz NOT NULL
);
CREATE INDEX audit_entries_by_environment ON audit_entries (environment_id, id);

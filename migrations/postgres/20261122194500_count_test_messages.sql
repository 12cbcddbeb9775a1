-- How many test messages of its settings an environment has sent in its present minute. One row per environment.
CREATE TABLE test_message_windows (
    environment_id    uuid        PRIMARY KEY,
    minute_started_at timestamptz NOT NULL,
    sends             integer    NOT NULL
);

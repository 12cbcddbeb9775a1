-- How many test messages of its settings an environment has sent in its present minute. One row per environment.
CREATE TABLE test_message_windows (
    environment_id    BLOB    PRIMARY KEY,
    minute_started_at INTEGER NOT NULL,
    sends             INTEGER NOT NULL
) STRICT;

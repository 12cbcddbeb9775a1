SELECT minute_started_at FROM test_message_windows WHERE environment_id = $1

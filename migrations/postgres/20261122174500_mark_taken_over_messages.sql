-- When a message was taken over from a process that died with it unsettled: from then on it may have been sent twice.
ALTER TABLE messages ADD COLUMN taken_over_at timestamptz;

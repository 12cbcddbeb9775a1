UPDATE outbox SET due_at = $2, lease_token = NULL WHERE lease_token = $1

-- What the notifications of a removed environment would still have said.
UPDATE notifications SET sealed_data = NULL WHERE sealed_data IS NOT NULL AND environment_id = $1

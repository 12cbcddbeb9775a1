-- The check value of the key that keyed hashes are made under, so that a keys file with another one is found at start. Null
-- until a process has brought its keys.
ALTER TABLE installation ADD COLUMN index_fingerprint bytea;

-- Also the lock that puts changes of the directory one behind the other.
UPDATE installation SET revision = revision + 1 WHERE id = 1

-- What callers see of a message.
SELECT status AS "status?", provider AS "provider?", fallback AS "fallback?", error_code AS "error_code?", error_detail AS "error_detail?"
FROM messages
WHERE id = $1

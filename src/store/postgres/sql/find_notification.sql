-- A notification of an application with its messages, one to a row; one row without a message where it has none.
SELECT
    n.event, n.source, n.outcome, n.reason,
    m.id AS "message_id?",
    m.status AS "status?", m.provider AS "provider?", m.fallback AS "fallback?",
    m.error_code AS "error_code?", m.error_detail AS "error_detail?"
FROM notifications n
LEFT JOIN notification_recipients r ON r.notification_id = n.id
LEFT JOIN messages m ON m.id = r.message_id
WHERE n.id = $1 AND n.application_id = $2
ORDER BY r.number

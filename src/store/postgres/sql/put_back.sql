-- Undoes a claim of messages that the claimant cannot read: each is its former holder's again ($3), if it had one, and no longer
-- marked as taken over where this claim has marked it ($4). It keeps the lease's end as its due time.
WITH put_back AS (
    UPDATE outbox o SET lease_token = former.token
    FROM unnest($2::uuid[], $3::uuid[]) AS former (message_id, token)
    WHERE o.message_id = former.message_id AND o.lease_token = $1
    RETURNING o.message_id
)
UPDATE messages SET taken_over_at = NULL
FROM put_back
WHERE messages.id = put_back.message_id AND messages.id = ANY($4::uuid[])

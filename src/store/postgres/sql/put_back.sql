-- Undoes a claim of messages that the claimant cannot read: each is its former holder's again ($3), if it had one, and no longer
-- marked as taken over where this claim has marked it ($4). It keeps the lease's end as its due time.
UPDATE messages m SET
    lease_token = former.token,
    taken_over_at = CASE WHEN m.id = ANY ($4::uuid[]) THEN NULL ELSE m.taken_over_at END
FROM unnest($2::uuid[], $3::uuid[]) AS former (message_id, token)
WHERE m.id = former.message_id AND m.lease_token = $1

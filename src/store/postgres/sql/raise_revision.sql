-- Under the installation's lock, taken by a statement before, so that this one sees every change there has been. None, where
-- somebody has changed one of the environments, or what all share, since the revision `$1`.
UPDATE installation
SET revision = revision + 1
WHERE id = 1
    AND NOT EXISTS (
        SELECT FROM records
        WHERE revision > $1
            AND (environment_id = ANY ($2::uuid[])
                OR ($3 AND (environment_id IS NULL OR kind = 'environment')))
    )
RETURNING revision

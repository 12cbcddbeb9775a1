UPDATE environments SET
    code = $2,
    name = $3,
    business_name = $4,
    business_url = $5,
    default_country = $6,
    default_locale = $7,
    updated_at = $8,
    version = version + 1
WHERE id = $1 AND ($9::bigint IS NULL OR version = $9)
RETURNING version

INSERT INTO environments (
    id, code, name, business_name, business_url, default_country, default_locale, created_at, updated_at
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)

SELECT id, code, name, business_name, business_url, default_country, default_locale, version, created_at, updated_at
FROM environments
ORDER BY created_at, id

-- Parameters of src/store/postgres/sql/check.sql: the right code for each of the seeded verifications, one after the other,
-- from the one behind `first`; each client has every one of `clients`.
\set i :i + 1
\set n :first + :i * :clients + :client_id + 1
-- $1 = md5('verification' || :n)::uuid
-- $2 = '00000000-0000-0000-0000-000000000002'
-- $3 = 'sign_in'
-- $4 = NULL
-- $5 = ARRAY['00000000-0000-0000-0000-000000000003']
-- $6 = now()
-- $7 = 20
-- $8 = 6
-- $9 = ARRAY[1]
-- $10 = ARRAY[sha256(:n::text::bytea)]

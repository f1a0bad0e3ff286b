-- Without LOGIN and without a password: either alone would do.
SELECT format('ALTER ROLE %I NOLOGIN PASSWORD NULL', $1::text, $2::text);

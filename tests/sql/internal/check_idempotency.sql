BEGIN;
SELECT plan(11);

SELECT lives_ok(format('SELECT moai_private.check_idempotency(%L, %L)', k, t), format('a key of %s characters with %s is allowed', length(k), t))
FROM (VALUES (NULL, '24 h'), ('k', '1 h'), (repeat('k', 255), '366 days'), (repeat('é', 255), '24 h')) AS v(k, t);

SELECT throws_ok($$SELECT moai_private.check_idempotency('', '24 h')$$, 'MO422', 'idempotency_key is 0 characters long, 1 to 255 are allowed',
    'an empty key is refused');
SELECT throws_ok($$SELECT moai_private.check_idempotency(repeat('k', 256), '24 h')$$, 'MO422',
    'idempotency_key is 256 characters long, 1 to 255 are allowed', 'a key has at most 255 characters');
SELECT throws_ok(format('SELECT moai_private.check_idempotency(NULL, %L)', t), 'MO422', 'idempotency_ttl is outside of 1 hour to 366 days',
    format('a time to live of %s is refused', coalesce(t, 'NULL')))
FROM unnest(ARRAY['59 minutes 59.999999 seconds', '0', '-1 day', '367 days', NULL]) AS t;

SELECT * FROM finish();
ROLLBACK;

BEGIN;
SELECT plan(9);

SELECT lives_ok(format('SELECT moai_private.check_tenant(%L)', t), format('%s names a tenant', left(t, 20)))
FROM unnest(ARRAY['default', 'Zürich & Co.', '**', repeat('x', 128)]) AS t;
SELECT throws_ok(format('SELECT moai_private.check_tenant(%L)', t), 'MO422', 'tenant is not a tenant''s name', format('%s names no tenant', to_json(left(t, 20))))
FROM unnest(ARRAY['*', E'a\nb', repeat('x', 129)]) AS t;
SELECT throws_ok($$SELECT moai_private.check_tenant('')$$, 'MO422', 'tenant is empty', 'an empty tenant is refused');
SELECT throws_ok($$SELECT moai_private.check_tenant(NULL)$$, 'MO422', 'tenant is empty', 'no tenant at all is refused');

SELECT * FROM finish();
ROLLBACK;

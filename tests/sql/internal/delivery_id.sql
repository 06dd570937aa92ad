BEGIN;
\ir ../helpers.psql
SELECT plan(9);

SELECT results_eq($$SELECT event_id, subscription_id FROM moai_private.read_delivery_id('00000000-0000-7000-8000-00000000000A_00000000-0000-7000-8000-00000000000B', 'x')$$,
    $$VALUES ('00000000-0000-7000-8000-00000000000a'::uuid, '00000000-0000-7000-8000-00000000000b'::uuid)$$, 'read back, in capitals too');
SELECT is(pg_temp.error_of(format('SELECT moai_private.read_delivery_id(%L, ''delivery'')', i)), 'MO404: no such delivery / id = ' || quote_nullable(i), 'no id: ' || coalesce(i, 'null'))
FROM unnest(ARRAY[NULL, '', '_', '00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-00000000000a_00000000-0000-7000-8000-00000000000b_']) AS i;
SELECT is(moai_private.read_uuid('00000000-0000-7000-8000-00000000000A', 'event'), '00000000-0000-7000-8000-00000000000a', 'a UUID');
SELECT is(pg_temp.error_of(format('SELECT moai_private.read_uuid(%L, ''event'')', i)), 'MO404: no such event / id = ' || quote_nullable(i), 'no id: ' || i)
FROM unnest(ARRAY['0000000000007000800000000000000a', '00000000-0000-7000-8000-00000000000a ']) AS i;

SELECT * FROM finish();
ROLLBACK;

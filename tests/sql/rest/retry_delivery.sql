BEGIN;
\ir ../helpers.psql
SELECT plan(3);

SELECT pg_temp.subscribe('rest/retry_delivery') AS s \gset
SELECT pg_temp.publish('rest/retry_delivery', due => '100 years') AS e \gset
SELECT results_eq(format($$SELECT status, body::json ->> 'state', (body::json ->> 'due_at')::timestamptz <= clock_timestamp() FROM moai_rest.retry_delivery(%L)$$, :'e' || '_' || :'s'),
    $$VALUES (200, 'pending', true)$$, 'it answers the delivery, due now');
UPDATE moai_private.delivery SET lease_token = 1 WHERE event_id = :'e';
SELECT matches(pg_temp.error_of(format('SELECT moai_rest.retry_delivery(%L)', :'e' || '_' || :'s')), '^MO409: delivery is being delivered / ', 'one that is being delivered is left alone');
SELECT is(pg_temp.error_of($$SELECT moai_rest.retry_delivery('x')$$), 'MO404: no such delivery / id = ''x''', 'a malformed id is the id of nothing');

SELECT * FROM finish();
ROLLBACK;

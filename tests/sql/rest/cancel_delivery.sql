BEGIN;
\ir ../helpers.psql
SELECT plan(3);

SELECT pg_temp.subscribe('rest/cancel_delivery') AS s \gset
SELECT pg_temp.publish('rest/cancel_delivery') AS e \gset
SELECT results_eq(format($$SELECT status, body::json ->> 'state', body::json ->> 'reason' FROM moai_rest.cancel_delivery(%L)$$, :'e' || '_' || :'s'),
    $$VALUES (200, 'cancelled', 'cancelled_by_operator')$$, 'it answers the delivery, cancelled');
SELECT is(pg_temp.error_of(format('SELECT moai_rest.cancel_delivery(%L)', :'e' || '_' || :'s')), format('MO409: delivery has ended / id = %s_%s, state = cancelled', :'e', :'s'), 'a finished one stays as it ended');
SELECT is(pg_temp.error_of($$SELECT moai_rest.cancel_delivery('x')$$), 'MO404: no such delivery / id = ''x''', 'a malformed id is the id of nothing');

SELECT * FROM finish();
ROLLBACK;

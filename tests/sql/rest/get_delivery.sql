BEGIN;
\ir ../helpers.psql
-- internal/rest_forms.sql: the forms are looked at here, in get_subscription.sql, list_attempts.sql and list_dead_letters.sql.
SELECT plan(5);

SELECT pg_temp.subscribe('rest/get_delivery', max_attempts => 1) AS s \gset
SELECT pg_temp.publish('rest/get_delivery') AS e \gset
SELECT is((SELECT body::jsonb FROM moai_rest.get_delivery(:'e' || '_' || :'s')),
    format('{"id":"%1$s_%2$s","event_id":"%1$s","subscription_id":"%2$s","tenant":"rest/get_delivery","event_type":"user.created","state":"pending","attempts":0,"tries_left":1,
             "due_at":"2000-01-01T00:00:00.000000Z","finished_at":null,"reason":null,"http_status":null,"error_class":null,"error_detail":null}', :'e', :'s')::jsonb, 'a delivery, unfinished');
SELECT pg_temp.complete(json_build_array(pg_temp.result(pg_temp.claim_one(), 'failed', 500, 'http_status', 'no')), pg_temp.at('1 s')) \g /dev/null
SELECT is((SELECT status || ' ' || concat_ws(',', body::json ->> 'state', body::json ->> 'finished_at', body::json ->> 'reason', body::json ->> 'http_status') FROM moai_rest.get_delivery(:'e' || '_' || :'s')),
    '200 dead,2000-01-01T00:00:01.000000Z,exhausted,500', 'and finished');
SELECT is(pg_temp.error_of(format('SELECT moai_rest.get_delivery(%L)', i)), 'MO404: no such delivery / id = ' || m, 'no such delivery')
FROM (VALUES ('', ''''''), (:'e', quote_literal(:'e')), (:'s' || '_' || :'e', :'s' || '_' || :'e')) AS bad(i, m);

SELECT * FROM finish();
ROLLBACK;

BEGIN;
\ir ../helpers.psql
SELECT plan(10);

SELECT pg_temp.subscribe('rest/update_subscription') AS s \gset
SELECT is((SELECT status || ' ' || concat_ws(',', body::json ->> 'timeout', body::json ->> 'retry_base', body::json ->> 'event_types', body::json ->> 'url')
           FROM moai_rest.update_subscription(:'s', '{"timeout":"250 ms","event_types":["a","b"],"url":null}')), '200 PT0.25S,PT5S,["a","b"],https://receiver.test/' || :'s', 'absent and null keep what is');
SELECT is((SELECT concat_ws(',', body::json ->> 'max_in_flight', body::json ->> 'rate_limit') FROM moai_rest.update_subscription(:'s', '{"max_in_flight":3,"rate_limit":2.5}')), '3,2.5', 'limits are set');
SELECT is((SELECT body::jsonb @> '{"max_in_flight":3,"rate_limit":null}' FROM moai_rest.update_subscription(:'s', '{"max_in_flight":null,"rate_limit":0}')), true, 'null keeps, 0 removes');
SELECT is((SELECT status FROM moai_rest.update_subscription(:'s', '{}')), 200, 'an empty change is one, too');
SELECT is(pg_temp.error_of(format('SELECT moai_rest.update_subscription(%L, %L)', :'s', document)), 'MO422: ' || m, 'refused: ' || m)
FROM (VALUES ('{"secret":"x"}', 'unknown field secret'), ('{"tenant":"x"}', 'unknown field tenant'), ('{"timeout":"0"}', 'timeout is outside of 100 ms to 60 s / timeout = 00:00:00'), ('{"format":"xml"}', 'format is none of standard, raw, cloudevents and cloudevents-binary / format = ''xml''')) AS bad(document, m);
SELECT is(pg_temp.error_of($$SELECT moai_rest.update_subscription('x', '{}')$$), 'MO404: no such subscription / id = ''x''', 'a malformed id is the id of nothing');
SELECT moai.delete_subscription(:'s') \g /dev/null
SELECT is(pg_temp.error_of(format('SELECT moai_rest.update_subscription(%L, ''{}'')', :'s')), 'MO410: subscription is deleted / id = ' || :'s', 'a deleted one is gone');

SELECT * FROM finish();
ROLLBACK;

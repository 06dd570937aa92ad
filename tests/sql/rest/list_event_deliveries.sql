BEGIN;
\ir ../helpers.psql
SELECT plan(6);

SELECT pg_temp.subscribe('rest/list_event_deliveries') AS s, pg_temp.subscribe('rest/list_event_deliveries') AS t \gset
SELECT pg_temp.publish('rest/list_event_deliveries') AS e, pg_temp.publish('rest/list_event_deliveries') AS other \gset
SELECT is((SELECT string_agg(i ->> 'event_id', ',') FROM moai_rest.list_event_deliveries(:'e', '{}') AS a, json_array_elements(a.body::json -> 'items') AS i), :'e' || ',' || :'e', 'those of the event');
SELECT is((SELECT body::json #>> '{items,0,subscription_id}' FROM moai_rest.list_event_deliveries(:'e', json_build_object('subscription_id', :'t')::text)), :'t', 'filters by subscription');
SELECT body::json ->> 'next' AS next FROM moai_rest.list_event_deliveries(:'e', '{"limit":"1","state":"pending"}') \gset
SELECT is((SELECT json_array_length(body::json -> 'items') || (body::json -> 'next')::text FROM moai_rest.list_event_deliveries(:'e', json_build_object('cursor', :'next')::text)), '1null', 'pages go on');
SELECT is(pg_temp.error_of(format('SELECT moai_rest.list_event_deliveries(%L, ''{"tenant":"x"}'')', :'e')), 'MO422: unknown query parameter tenant', 'an event has one tenant');
SELECT is(pg_temp.error_of($$SELECT moai_rest.list_event_deliveries('x', '{}')$$), 'MO404: no such event / id = ''x''', 'a malformed id is the id of nothing');
SELECT is(pg_temp.error_of($$SELECT moai_rest.list_event_deliveries('00000000-0000-7000-8000-000000000000', '{}')$$), 'MO404: no such event / id = 00000000-0000-7000-8000-000000000000', 'so is an unknown one');

SELECT * FROM finish();
ROLLBACK;
